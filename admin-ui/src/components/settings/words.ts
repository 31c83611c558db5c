import type { Setting } from '../../../../server/http/contract/index.ts';
import { fullTime } from '../../format.ts';
import { retell, t } from '../../language.ts';
import { isMoment } from '../../moments.ts';

/** A value of a setting as it is chosen where the setting is changed. */
export function settingValue({ key, shape }: Pick<Setting, 'key' | 'shape'>, value: Setting['value']): string {
  if (typeof value === 'boolean') return value ? t('on') : t('off');
  if (shape.kind === 'choice') return retell(shape.choices[String(value)] ?? String(value));
  if (isMoment(key) && !Number.isNaN(Date.parse(String(value)))) return fullTime(Date.parse(String(value)));
  return (Array.isArray(value) ? value.join(', ') : String(value)) || t('nothing');
}
