export { type OpenOptions, openDatabase } from './sqlite.ts';
