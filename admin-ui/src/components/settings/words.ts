import type { Setting } from '../../../../server/http/contract/index.ts';
import { retell, t } from '../../language.ts';

/** A value of a setting as it is chosen where the setting is changed. */
export function settingValue({ shape }: Pick<Setting, 'shape'>, value: Setting['value']): string {
  if (typeof value === 'boolean') return value ? t('on') : t('off');
  if (shape.kind === 'choice') return retell(shape.choices[String(value)] ?? String(value));
  return (Array.isArray(value) ? value.join(', ') : String(value)) || t('nothing');
}
