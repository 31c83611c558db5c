import type { TSchema } from 'typebox';
import { HttpError } from './errors.ts';

/** The schemas of one route, as the contract has them. */
interface Schemas {
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly reply?: TSchema;
  /** Not JSON: the route writes its own answer. */
  readonly stream?: object;
  readonly text?: string;
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Checks what comes in for a route and cleans what goes out. */
export interface Checker {
  /** The same, with numbers in the query turned into numbers. Throws HttpError 400 that names the field. */
  check(route: string, input: Input): Input;
  /** A copy that has only what the contract names. */
  clean(route: string, reply: unknown): unknown;
}

type Value = typeof import('typebox/value').Value;

function explain(keyword: string, params: object): string {
  if (keyword === 'required') return 'This is needed.';
  if (keyword === 'minLength') return 'This must not be empty.';
  if (keyword === 'maxLength') return 'This is too long.';
  if (keyword === 'minimum' && 'limit' in params) return `This must be at least ${params.limit}.`;
  if (keyword === 'maximum' && 'limit' in params) return `This must be at most ${params.limit}.`;
  if (keyword === 'maxItems' && 'limit' in params) return `At most ${params.limit}, please.`;
  if (keyword === 'additionalProperties') return 'This is not a field that can be set here.';
  return 'This is not of the right kind.';
}

function refuse(value: Value, schema: TSchema, data: unknown): HttpError {
  const [first] = value.Errors(schema, data);
  if (first === undefined) return new HttpError(400, 'invalid', 'The request is not of the right form.');
  const params: Record<string, unknown> = { ...first.params };
  const named = params.requiredProperties ?? params.additionalProperties;
  const field = Array.isArray(named) ? String(named[0]) : first.instancePath.slice(1).split('/')[0];
  return new HttpError(400, 'invalid', explain(first.keyword, params), field === '' ? undefined : field);
}

function isEmpty(data: unknown): boolean {
  return data === undefined || data === null || (typeof data === 'object' && Object.keys(data).length === 0);
}

async function loadChecker(): Promise<Checker> {
  const [{ contract }, { Value: value }] = await Promise.all([import('./contract/index.ts'), import('typebox/value')]);
  const routes: Readonly<Record<string, Schemas>> = contract;
  const one = (schema: TSchema | undefined, data: unknown): unknown => {
    if (schema === undefined) {
      if (!isEmpty(data)) throw new HttpError(400, 'invalid', 'Nothing can be set here.');
      return undefined;
    }
    if (!value.Check(schema, data)) throw refuse(value, schema, data);
    return data;
  };
  /** Only whole numbers are written in a query, and only in the one way. */
  const numbers = (schema: TSchema | undefined, data: unknown): unknown => {
    const properties = (schema as { properties?: Record<string, { type?: string }> } | undefined)?.properties ?? {};
    const entries = Object.entries(data as Record<string, unknown>).map(([name, text]) => {
      const whole = Object.hasOwn(properties, name) && properties[name]?.type === 'integer';
      return [name, whole && typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : text];
    });
    return Object.fromEntries(entries);
  };
  return {
    check: (route, input) => {
      const schemas = routes[route] ?? {};
      return {
        params: one(schemas.params, input.params),
        query: one(schemas.query, numbers(schemas.query, input.query)),
        body: one(schemas.body, input.body),
      };
    },
    clean: (route, reply) => {
      const schema = routes[route]?.reply;
      if (schema === undefined) throw new Error(`${route} has no JSON reply in the contract`);
      const copy = value.Clean(schema, structuredClone(reply));
      if (!value.Check(schema, copy)) throw new Error(`${route} was answered against the contract`);
      return copy;
    },
  };
}

let checker: Promise<Checker> | undefined;

/**
 * The checker, loaded when first needed: the schemas take longer to load (some hundred small files) than the rest of the
 * server does to start, and clients need not wait for the panel.
 */
export function contractChecker(): Promise<Checker> {
  checker ??= loadChecker();
  return checker;
}
