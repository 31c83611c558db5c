import type { RoomFeature } from './feature.ts';

/** Nobody floods a room (XEP-0045 §14.6). What is refused for another reason counts as well. */
export const pacing: RoomFeature = {
  name: 'pacing',
  xep: [45, '1.35.3'],
  start: ({ pace }) => ({
    join: { check: ({ room, from }) => pace.comes(room, from) },
    groupchat: { check: ({ room, occupant }) => pace.says(room, occupant) },
  }),
};
