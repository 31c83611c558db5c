/** Which of somebody's devices is woken where, so that pushes end with its access: `device.id`, '' when the client did not say. */
export const statements: readonly string[] = [
  `ALTER TABLE push_registration ADD COLUMN device TEXT NOT NULL DEFAULT ''`,
];
