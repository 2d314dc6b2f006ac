export { isWindowsLogin } from '../domain/windows-login.ts';
