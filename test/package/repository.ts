import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../provisioning/repository/release.ts';
import { Container } from './container.ts';
import { built } from './debs.ts';
import { playIn, READY } from './office.ts';
import { Shipping } from './shipping.ts';

/** What the scenes are played with. */
interface Stage {
  readonly release: Release;
  /** The image of that release. */
  readonly tar: string;
  /** Where containers lie. */
  readonly folder: string;
}

const [FIRST, SECOND] = ['0.1.0', '0.2.0'];
const OTHER: Readonly<Record<Release, Release>> = { bookworm: 'trixie', trixie: 'bookworm' };
/** A stick may be called anything. */
const STICK = '/mnt/USB STICK [1]';
const CONFIG = '/etc/hallway/hallway.toml';

async function version(house: Container): Promise<string> {
  return (await house.does('dpkg-query -W hallway')).trim().split('\t')[1]!;
}

/** What `apt install` and `apt upgrade` make of the repository on a machine that has no other. */
async function repository({ release, tar, folder }: Stage, shipping: Shipping): Promise<void> {
  await using house = await Container.boot(`hallway-${release}-r`, tar, folder);
  const does = playIn(house, release);
  const to = shipping.path(`repository-${release}`);
  const AT = '/srv/hallway';
  const publish = async (...debs: string[]): Promise<void> => {
    shipping.does('publish', '--to', to, '--key', shipping.key, '--url', `file:${AT}`, ...debs);
    await house.does(`rm -rf ${AT}`);
    house.put(realpathSync(join(to, 'public')), AT);
  };
  const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -y -o APT::Update::Error-Mode=any';

  await does(`apt install from the repository, with one file for its sources`, async () => {
    await publish(built({ version: FIRST }));
    await house.does('rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*');
    await house.does(`cp ${AT}/hallway.sources /etc/apt/sources.list.d/`);
    await house.does(`${apt} update && ${apt} install hallway < /dev/null`);
    assert.equal(await version(house), FIRST);
    await house.does(READY);
    return undefined;
  });
  await does(`apt upgrade to the next version, and the one before is still to be had`, async () => {
    await publish(built({ version: SECOND }));
    await house.does(`${apt} update && ${apt} upgrade < /dev/null`);
    assert.equal(await version(house), SECOND);
    await house.does(READY);
    assert.match(await house.does('apt-cache madison hallway'), /0\.2\.0[\s\S]*0\.1\.0/);
    return undefined;
  });
  await does(`apt takes nothing that was changed, nor what another has signed`, async () => {
    const index = `${AT}/dists/stable/main/binary-*/Packages`;
    await house.does(`rm -rf /var/lib/apt/lists/* ${index}.gz && sed -i 's/^Version: 0.2.0/Version: 0.9.0/' ${index}`);
    const changed = await house.run(`${apt} update`);
    assert.notEqual(changed.code, 0, changed.stdout);
    using stranger = new Shipping();
    stranger.does('publish', '--to', 'r', '--key', stranger.key, '--url', `file:${AT}`, built({ version: SECOND }));
    await house.does(`rm -rf ${AT}`);
    house.put(realpathSync(stranger.path('r/public')), AT);
    const foreign = await house.run(`${apt} update`);
    assert.notEqual(foreign.code, 0, foreign.stdout);
    assert.doesNotMatch(await house.does('apt-cache madison hallway'), /0\.9\.0|0\.2\.0/);
    return undefined;
  });
}

/** What somebody with a stick and without the internet sees. */
async function bundle({ release, tar, folder }: Stage, shipping: Shipping): Promise<void> {
  await using house = await Container.boot(`hallway-${release}-o`, tar, folder);
  const does = playIn(house, release);
  await house.does(`mkdir -p '${STICK}'`);
  const arch = (await house.does('dpkg --print-architecture')).trim();
  const insert = async (which: string, of: Release = release): Promise<string> => {
    const words = ['--to', shipping.path('bundles'), '--key', shipping.key, '--release', of];
    const file = shipping.does('bundle', ...words, built({ version: which })).split('\n')[0]!;
    house.put(file, '/mnt/bundle.tar');
    await house.does(`cd '${STICK}' && tar -xf /mnt/bundle.tar && rm /mnt/bundle.tar`);
    return `${STICK}/hallway_${which}_${of}_${arch}`;
  };
  const refused = async (command: string, why: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await house.run(command);
    assert.equal(code, 1, `${stdout}${stderr}`);
    assert.match(stderr, why);
  };
  const apt =
    'find /etc/apt /var/lib/apt/lists /var/cache/apt -type f | sort | xargs -d "\\n" sha256sum; ls -d /tmp/hallway*';
  let first = '';
  let before = '';

  await does(
    `the bundle refuses in a sentence: nobody but root, another release, no room, changed, not whole`,
    async () => {
      // Nothing of what it brings is there, as far as Debian can be without it.
      await house.does('apt-get purge -y libatomic1 openssl < /dev/null');
      [first, before] = [await insert(FIRST), (await house.run(apt)).stdout];
      await refused(`chmod 755 /mnt && runuser -u nobody -- sh '${first}/install.sh'`, /only root/);
      await refused(`sh '${await insert(FIRST, OTHER[release])}/install.sh'`, /and this machine has Debian/);
      // The same folder /usr, on a disk of 50 MB.
      const small = 'mount -t tmpfs -o size=50m none /media && mkdir /media/up /media/work';
      const overlay = 'mount -t overlay -o lowerdir=/usr,upperdir=/media/up,workdir=/media/work none /usr';
      await refused(
        `unshare -m sh -c "${small} && ${overlay} && sh '${first}/install.sh'"`,
        /MB are needed, and \d+ MB/,
      );
      const deb = `"$(find '${first}/repository' -name 'hallway_*.deb')"`;
      await house.does(`cp ${deb} /mnt/whole && printf X | dd of=${deb} bs=1 seek=1000000 conv=notrunc`);
      await refused(`sh '${first}/install.sh'`, /could not be installed. If the bundle is damaged/);
      await house.does(`cp /mnt/whole ${deb}`);
      const index = `'${first}'/repository/dists/*/main/binary-*/Packages`;
      await house.does(
        `cp -a '${first}/repository/dists' /mnt/ && sed -i 's/^Size: 1/Size: 2/' ${index} && rm ${index}.gz`,
      );
      await refused(`sh '${first}/install.sh'`, /was changed after it was signed/);
      await house.does(`cp -a /mnt/dists '${first}/repository/'`);
      await refused(
        `mkdir /mnt/alone && cp '${first}/install.sh' /mnt/alone && sh /mnt/alone/install.sh`,
        /is lacking/,
      );
      assert.equal((await house.run(apt)).stdout, before);
      assert.notEqual((await house.run('dpkg -s hallway')).code, 0);
      return undefined;
    },
  );
  await does(`installed from the bundle, with what it needs and avahi, seconds to ready`, async () => {
    const start = performance.now();
    await house.does(`sh '${first}/install.sh'`);
    const seconds = (performance.now() - start) / 1_000;
    await house.does(READY);
    assert.equal(await version(house), FIRST);
    await house.does('dpkg -s avahi-daemon libatomic1 openssl dbus > /dev/null');
    assert.equal((await house.run(apt)).stdout, before);
    assert.match(await house.does(`sh '${first}/install.sh'`), /is installed already/);
    return `${seconds.toFixed(1)} s`;
  });
  await does(
    `upgraded by the next bundle, which keeps the boot file as it is; there is no way back by an old one`,
    async () => {
      house.write(CONFIG, `${house.read(CONFIG)}\n# an administrator was here\n`);
      // Who does not want it need not remove it again after each upgrade.
      await house.does('apt-get purge -y avahi-daemon < /dev/null');
      await house.does(`sh '${await insert(SECOND)}/install.sh'`);
      await house.does(READY);
      assert.equal(await version(house), SECOND);
      assert.match(house.read(CONFIG), /an administrator was here/);
      assert.equal((await house.run('dpkg -s avahi-daemon')).code, 1);
      await refused(`sh '${first}/install.sh'`, /which is newer than 0\.1\.0/);
      return undefined;
    },
  );
}

/** The ways by which an office gets the package: a repository, and a bundle for machines without the internet. */
export async function playShipping(release: Release, tar: string, folder: string): Promise<void> {
  const stage = { release, tar, folder };
  using shipping = new Shipping();
  await repository(stage, shipping);
  await bundle(stage, shipping);
}
