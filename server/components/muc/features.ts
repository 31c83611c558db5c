import { activity } from './activity.ts';
import { administering } from './admin.ts';
import { archive } from './archive.ts';
import { cards } from './cards.ts';
import { channelSearch } from './channel-search.ts';
import { company } from './company.ts';
import { defaultRooms } from './default-rooms.ts';
import { departmentRooms } from './department-rooms.ts';
import { discovery } from './disco.ts';
import type { RoomFeature } from './feature.ts';
import { talking } from './groupchat.ts';
import { hats } from './hats.ts';
import { inviting } from './invitations.ts';
import { entering } from './join.ts';
import { mentions } from './mentions.ts';
import { moderation } from './moderation.ts';
import { owning } from './owner.ts';
import { pacing } from './pacing.ts';
import { registering } from './registering.ts';
import { retraction } from './retraction.ts';
import { sharedFiles } from './shared-files.ts';
import { slowMode } from './slow-mode.ts';
import { subject } from './subject.ts';
import { voice } from './voice.ts';

/**
 * The parts of rooms. Within a stage their steps run in this order: who comes too often is not checked further,
 * whom others must not meet is let in by nobody, retraction
 * looks into the store for those only whom others let speak, and what counts as said in slow mode was refused by nobody else.
 */
export const FEATURES: readonly RoomFeature[] = [
  pacing,
  company,
  entering,
  owning,
  administering,
  voice,
  registering,
  hats,
  discovery,
  channelSearch,
  inviting,
  subject,
  talking,
  archive,
  retraction,
  moderation,
  mentions,
  cards,
  activity,
  sharedFiles,
  slowMode,
  defaultRooms,
  departmentRooms,
];
