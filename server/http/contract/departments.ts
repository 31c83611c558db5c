import { Type } from 'typebox';
import { AccountParams, closed, DomainParams, Done, Time } from './shapes.ts';

const Id = Type.Integer({ minimum: 1 });
const Name = Type.String({ maxLength: 200 });
const Description = Type.String({ maxLength: 2_000 });
const Rooms = Type.Array(Type.String({ maxLength: 300 }), { maxItems: 50 });
const People = Type.Array(Type.String({ minLength: 1, maxLength: 3_071 }), { maxItems: 1_000 });
const DepartmentParams = closed({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) });

/** A part of the office of one domain. */
export const Department = closed({
  id: Id,
  domain: Type.String(),
  name: Type.String(),
  description: Type.String(),
  /** Names of the rooms that everybody in it is put into. */
  rooms: Type.Array(Type.String()),
  /** How many are in it, and how many of those are connected. */
  people: Type.Integer(),
  online: Type.Integer(),
  createdAt: Time,
});

/**
 * Who has whom in the contact list, of two departments: both; `sees`: the people of `one` have those of `other`; `seen`: the other way
 * round; nobody.
 */
const Relation = Type.Union([
  Type.Literal('mutual'),
  Type.Literal('sees'),
  Type.Literal('seen'),
  Type.Literal('hidden'),
]);

export const DepartmentRelation = closed({
  one: Id,
  other: Id,
  relation: Relation,
  /** Nothing was decided for these two. */
  usual: Type.Boolean(),
});

export const departments = {
  /** In their order; `relations` has every pair once, each department with itself, too. */
  'GET /api/domains/:domain/departments': {
    params: DomainParams,
    reply: closed({
      departments: Type.Array(Department),
      relations: Type.Array(DepartmentRelation),
      usually: Type.Union([Type.Literal('hidden'), Type.Literal('mutual')]),
    }),
  },

  /** 409 `department-exists`, 422 with `field`. */
  'POST /api/domains/:domain/departments': {
    params: DomainParams,
    body: closed({ name: Name, description: Type.Optional(Description), rooms: Type.Optional(Rooms) }),
    reply: closed({ department: Department }),
  },

  /** Shows them in this order; those left out come last. */
  'PUT /api/domains/:domain/departments/order': {
    params: DomainParams,
    body: closed({ order: Type.Array(Id, { maxItems: 500 }) }),
    reply: Done,
  },

  /** `relations` are those of this one (`one`) with each, itself included. 404 `department-not-found`. */
  'GET /api/departments/:id': {
    params: DepartmentParams,
    reply: closed({ department: Department, relations: Type.Array(DepartmentRelation) }),
  },

  'PATCH /api/departments/:id': {
    params: DepartmentParams,
    body: closed({
      name: Type.Optional(Name),
      description: Type.Optional(Description),
      rooms: Type.Optional(Rooms),
    }),
    reply: closed({ department: Department }),
  },

  /** Its people stay. */
  'DELETE /api/departments/:id': { params: DepartmentParams, reply: Done },

  /** A page of its people by address; `after` is the last one shown. `total` is how many the search fits. */
  'GET /api/departments/:id/people': {
    params: DepartmentParams,
    query: closed({
      search: Type.Optional(Type.String({ maxLength: 200 })),
      after: Type.Optional(Type.String({ maxLength: 1_023 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    reply: closed({
      people: Type.Array(closed({ local: Type.String(), name: Type.String(), online: Type.Boolean() })),
      total: Type.Integer(),
      hasMore: Type.Boolean(),
    }),
  },

  /** Adds people (addresses) and takes others out: all of it or nothing. 404 `account-not-found`. */
  'POST /api/departments/:id/people': {
    params: DepartmentParams,
    body: closed({ add: Type.Optional(People), remove: Type.Optional(People) }),
    reply: closed({ department: Department }),
  },

  /** Who sees whom of these two, which may be the same; `usual` takes back what was decided. */
  'PUT /api/departments/:id/relations/:other': {
    params: closed({ ...DepartmentParams.properties, other: DepartmentParams.properties.id }),
    body: closed({ relation: Type.Union([Relation, Type.Literal('usual')]) }),
    reply: closed({ relation: DepartmentRelation }),
  },

  'GET /api/domains/:domain/accounts/:local/departments': {
    params: AccountParams,
    reply: closed({ departments: Type.Array(Department) }),
  },

  /** Puts somebody into these and no others. */
  'PUT /api/domains/:domain/accounts/:local/departments': {
    params: AccountParams,
    body: closed({ departments: Type.Array(Id, { maxItems: 200 }) }),
    reply: closed({ departments: Type.Array(Department) }),
  },
} as const;
