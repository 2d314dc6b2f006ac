export { permissions, type Permission } from '../domain/permissions.ts';
