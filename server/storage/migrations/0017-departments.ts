/**
 * Departments of a domain and who belongs to them. Who sees whom follows from that by rule and is nowhere written down for single
 * people; `department_sight` has only what was decided otherwise than is usual. `department_room` are names of rooms (what stands
 * before the @), `department_grant` the rooms that somebody was given because of a department, and
 * whether they are a member because of it. Numbers of departments are never
 * given again: what was decided about one must not hold for another.
 */
export const statements: readonly string[] = [
  `CREATE TABLE department (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    place INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (domain, name))`,
  `CREATE TABLE department_member (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    department INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    PRIMARY KEY (account, department)) WITHOUT ROWID`,
  `CREATE INDEX department_member_by_department ON department_member (department, account)`,
  `CREATE TABLE department_sight (
    viewer INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    seen INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    sees INTEGER NOT NULL,
    PRIMARY KEY (viewer, seen)) WITHOUT ROWID`,
  `CREATE INDEX department_sight_by_seen ON department_sight (seen)`,
  `CREATE TABLE department_room (
    department INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (department, name)) WITHOUT ROWID`,
  `CREATE TABLE department_grant (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    room INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    member INTEGER NOT NULL,
    PRIMARY KEY (account, room)) WITHOUT ROWID`,
  `CREATE INDEX department_grant_by_room ON department_grant (room)`,
  `CREATE TABLE invitation_department (
    invitation INTEGER NOT NULL REFERENCES invitation (id) ON DELETE CASCADE,
    department INTEGER NOT NULL REFERENCES department (id) ON DELETE CASCADE,
    PRIMARY KEY (invitation, department)) WITHOUT ROWID`,
  `CREATE INDEX invitation_department_by_department ON invitation_department (department)`,
  // 0: for all of the domain. No reference, so that it is still known whom a department that is gone now was told something.
  `ALTER TABLE announcement ADD COLUMN department INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE announcement ADD COLUMN department_name TEXT NOT NULL DEFAULT ''`,
];
