import { isSooner, numberOption, switchOption, textOption } from '../../host/options.ts';

/** What people mean by MB and GB: their file managers count so. */
export const MB = 1_000_000;
export const GB = 1_000_000_000;

const about = { group: 'Files', scope: 'domain' } as const;

export const uploadOn = switchOption({
  ...about,
  key: 'files.on',
  title: 'Sharing files by link',
  help: 'People can send pictures and files in their chat app. Switched off, nothing new is taken; what is there can still be had.',
  default: true,
});

export const largestFile = numberOption({
  ...about,
  key: 'files.largest',
  title: 'Largest file',
  help: 'What is larger is refused; chat apps say so before they try.',
  least: 1,
  most: 100_000,
  unit: 'MB',
  default: 250,
});

export const filesADay = numberOption({
  ...about,
  key: 'files.daily',
  title: 'Files of one person in 24 hours',
  help: 'Who has uploaded that much is told when they can go on. 0 stands for no such limit.',
  least: 0,
  most: 10_000_000,
  unit: 'MB',
  default: 2_000,
});

export const filesOfOne = numberOption({
  ...about,
  key: 'files.person',
  title: 'Files of one person in all',
  help: 'Who has that much here can send no more files until some are deleted. 0 stands for no such limit.',
  least: 0,
  most: 10_000_000,
  unit: 'MB',
  default: 10_000,
});

export const filesStay = numberOption({
  ...about,
  key: 'files.days',
  title: 'Files are deleted after',
  help: 'Pictures of profiles stay. 0 keeps files until an administrator deletes them.',
  needsProof: isSooner,
  least: 0,
  most: 36_500,
  unit: 'days',
  default: 0,
});

export const filesOfAll = numberOption({
  key: 'files.total',
  scope: 'house',
  group: 'Files',
  title: 'All files together',
  help: 'When everybody’s files have taken that much, new ones are refused. 0 lets them take the disk, but for what is to be left free on it.',
  least: 0,
  most: 1_000_000,
  unit: 'GB',
  default: 0,
});

export const leftFree = numberOption({
  key: 'files.reserve',
  scope: 'house',
  group: 'Files',
  title: 'Left free on the disk',
  help: 'Files are refused when less than this would be left, so that messages always find their place.',
  least: 0,
  most: 1_000_000,
  unit: 'GB',
  default: 1,
});

export const stripLocation = switchOption({
  ...about,
  key: 'files.strip-location',
  title: 'Take the place out of photos',
  help: 'What a camera writes into a photo or film goes before anybody can have it: place, time, name of the camera. The picture itself stays as it is. A photo that is damaged is refused; a film that cannot be understood is kept as it is. Files that a chat app encrypts cannot be cleaned.',
  default: false,
});

export const filesAddress = textOption({
  key: 'files.address',
  scope: 'house',
  group: 'Files',
  title: 'Address of the links to files',
  help: 'Where chat apps reach this server by HTTPS, such as https://chat.example.com. Empty: the same as the address of this panel by name.',
  longest: 300,
  default: '',
  owner: true, // every file of the house, and the links to all that are there, go where it says
  wrong: (text) => {
    if (text === '') return undefined;
    const url = URL.parse(text);
    const right = url !== null && url.protocol === 'https:' && (url.origin === text || `${url.origin}/` === text);
    return right
      ? undefined
      : 'Write it like https://chat.example.com or https://chat.example.com:5281, with nothing after it.';
  },
});

export const uploadOptions = [
  uploadOn,
  largestFile,
  filesADay,
  filesOfOne,
  filesStay,
  stripLocation,
  filesOfAll,
  leftFree,
  filesAddress,
];
