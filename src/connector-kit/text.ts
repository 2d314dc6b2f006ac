export { compareText, normalise } from '../domain/text.ts';
