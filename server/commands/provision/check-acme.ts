import type { PlannedAcme } from '../../../provisioning/plan/plan.ts';
import { PlanError } from '../../../provisioning/plan/plan-error.ts';
import { LETS_ENCRYPT } from '../../certificates/acme/settings.ts';
import type { AcmeWish } from '../acme.ts';
import { CommandError } from '../command-error.ts';
import type { PlanFiles } from './files.ts';
import type { ProvisionNeeds } from './needs.ts';

/** What is called otherwise in the file than by the panel. */
const KEYS: Readonly<Record<string, string>> = { authority: 'authority_file', names: 'domains' };

/** Looks whether certificates can be got as a plan says, as far as that is known before an authority is asked. Throws PlanError. */
export async function checkAcme(
  one: PlannedAcme,
  { acme }: Pick<ProvisionNeeds, 'acme'>,
  mustServe: (domain: string) => void,
  files: PlanFiles,
): Promise<AcmeWish> {
  const { directory = LETS_ENCRYPT, authorityFile, email, challenge, hook } = one;
  const authority = authorityFile === undefined ? '' : (await files.whole(one, authorityFile)).toString('utf8');
  try {
    for (const domain of one.domains) {
      mustServe(domain);
      acme.checkName(domain);
    }
    const kind = challenge === 'http' ? 'http-01' : 'dns-01';
    return await acme.check({ directory, authority, email, agreed: true, challenge: kind, hook });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { field = 'domains' } = error;
    throw new PlanError(error.message, one.where(KEYS[field] ?? field), { cause: error });
  }
}
