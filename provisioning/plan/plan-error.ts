/** What is wrong with a provisioning file, told like what is wrong with the boot file: with file, line and key. */
export { ConfigError as PlanError } from '../../server/config/config-error.ts';
