import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CommandError, type CommandErrorCode } from '../commands/command-error.ts';
import type { ErrorReply } from './contract/index.ts';

const STATUS: Record<CommandErrorCode, number> = {
  invalid: 422,
  busy: 409,
  'backup-not-found': 404,
  'wrong-credentials': 401,
  'wrong-code': 403,
  'account-not-found': 404,
  'domain-not-found': 404,
  'session-not-found': 404,
  'device-not-found': 404,
  'admin-not-found': 404,
  'setting-not-found': 404,
  'setting-changed': 409,
  'change-not-found': 404,
  'invitation-not-found': 404,
  'link-unknown': 404,
  'link-expired': 410,
  'link-used': 410,
  'not-allowed': 403,
  'not-your-role': 403,
  'prove-yourself': 403,
  'too-many': 429,
  'message-not-found': 404,
  'export-not-found': 404,
  'report-not-found': 404,
  'department-not-found': 404,
  'department-exists': 409,
  'file-not-found': 404,
  'transfer-not-found': 404,
  'room-exists': 409,
  'room-not-found': 404,
  'account-exists': 409,
  'account-leaving': 409,
  'import-not-found': 404,
  'import-running': 409,
  'import-changed': 409,
  'domain-exists': 409,
  'domain-in-use': 409,
  'certificate-not-found': 404,
  'component-exists': 409,
  'component-not-found': 404,
  'policy-changed': 409,
  'rule-not-found': 404,
  'nothing-held': 404,
  'passkey-not-found': 404,
  'last-owner': 409,
  'last-domain': 409,
  'already-claimed': 409,
  'not-claimed': 409,
  'not-confirmed': 422,
};

/** A request refused by the door itself. The message is for people. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** What Fastify itself refuses, in words of ours: its own may quote the input. */
const REFUSED: Record<number, readonly [code: string, message: string]> = {
  400: ['bad-request', 'The request could not be understood.'],
  404: ['not-found', 'There is nothing at this address.'],
  413: ['too-large', 'The request is too large.'],
  414: ['too-large', 'The address is too long.'],
  415: ['not-json', 'Send JSON, with the content type application/json.'],
  431: ['too-large', 'The request headers are too large.'],
};

export function errorReply(code: string, message: string, field?: string): ErrorReply {
  return { error: { code, message, ...(field !== undefined && { field }) } };
}

/** Answers an error as the contract says. What was not foreseen is logged with its stack and told to nobody. */
export async function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<ErrorReply> {
  if (error instanceof HttpError) {
    reply.code(error.status);
    return errorReply(error.code, error.message, error.field);
  }
  if (error instanceof CommandError) {
    reply.code(STATUS[error.code]);
    return errorReply(error.code, error.message, error.field);
  }
  const status = (error as Partial<FastifyError>).statusCode ?? 500;
  const known = status >= 400 && status < 500 ? (REFUSED[status] ?? REFUSED[400]) : undefined;
  if (known !== undefined) {
    reply.code(status);
    return errorReply(...known);
  }
  request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
  reply.code(500);
  return errorReply('internal', 'Something went wrong in the server. The log says what.');
}
