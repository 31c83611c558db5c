import { listOption, numberOption, switchOption } from '../../host/options.ts';
import { hostAndPort } from '../../util/host-and-port.ts';

/** What people mean by MB: their file managers count so. */
export const MB = 1_000_000;

const house = { group: 'Files', scope: 'house' } as const;

export const proxyOn = switchOption({
  group: 'Files',
  scope: 'domain',
  key: 'files.proxy.on',
  title: 'File proxy',
  help: 'Chat apps that cannot reach each other directly pass files through this server, which keeps nothing of them. Switched off, no new one begins.',
  default: true,
});

export const proxyAddresses = listOption({
  ...house,
  key: 'files.proxy.addresses',
  title: 'Addresses of the file proxy',
  help: 'Where chat apps connect to, such as files.example.com or 203.0.113.7:7777, the best one first. Most apps try the first only. Empty: the address by which the sender has reached this server. Needed behind a router or in a container.',
  longest: 300,
  most: 8,
  default: [],
  owner: true, // the files of the house pass through whatever stands here
  wrong: (list) => {
    const bad = list.find((one) => hostAndPort(one) === undefined);
    if (bad === undefined) return undefined;
    return `${bad} is no address: write it like files.example.com, 203.0.113.7:7777 or [2001:db8::7]:7777.`;
  },
});

export const transferRate = numberOption({
  ...house,
  key: 'files.proxy.rate',
  title: 'Speed of one transfer',
  help: 'Both directions together, for transfers that begin from now on. 0 stands for no limit.',
  least: 0,
  most: 10_000,
  unit: 'MB/s',
  default: 0,
});

export const totalRate = numberOption({
  ...house,
  key: 'files.proxy.rate-total',
  title: 'Speed of all transfers together',
  help: 'What the file proxy may take of the network, for transfers that begin from now on. 0 stands for no limit.',
  least: 0,
  most: 10_000,
  unit: 'MB/s',
  default: 0,
});

export const transfersOfOne = numberOption({
  ...house,
  key: 'files.proxy.person',
  title: 'Transfers of one person at a time',
  help: 'Files that one person may be passing through the file proxy at the same time.',
  least: 1,
  most: 1_000,
  default: 10,
});

export const transfersOfAll = numberOption({
  ...house,
  key: 'files.proxy.total',
  title: 'Transfers of everybody at a time',
  help: 'More are refused until one has come to its end, and the chat apps look for another way.',
  least: 1,
  most: 5_000,
  default: 200,
});

export const proxyOptions = [proxyOn, proxyAddresses, transferRate, totalRate, transfersOfOne, transfersOfAll];
