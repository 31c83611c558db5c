import { type TObject, type TProperties, Type } from 'typebox';

/** An object that has these members and no others. */
export function closed<Members extends TProperties>(members: Members): TObject<Members> {
  return Type.Object(members, { additionalProperties: false });
}

/** A moment: milliseconds since 1970. */
export const Time = Type.Integer({ minimum: 0 });

export const DomainName = Type.String({ minLength: 1, maxLength: 253 });
/** The part of an address before the @. */
export const LocalName = Type.String({ minLength: 1, maxLength: 1023 });
/** What a person is called; for people, not for machines. */
export const DisplayName = Type.String({ maxLength: 200 });
export const AdminName = Type.String({ minLength: 1, maxLength: 64 });
export const Password = Type.String({ minLength: 1, maxLength: 1024 });
/** A one-time code, with or without its dashes. */
export const Code = Type.String({ minLength: 1, maxLength: 64 });

/** Through which door something was done. */
export const Door = Type.Union([
  Type.Literal('panel'),
  Type.Literal('cli'),
  Type.Literal('chat'),
  Type.Literal('house'),
]);

/** The answer to a change that has nothing to tell but that it was done. */
export const Done = closed({ done: Type.Literal(true) });

export const DomainParams = closed({ domain: DomainName });
export const AccountParams = closed({ domain: DomainName, local: LocalName });
/** A resource may hold a slash: it is percent-encoded in the path. */
export const SessionParams = closed({
  domain: DomainName,
  local: LocalName,
  resource: Type.String({ minLength: 1, maxLength: 1023 }),
});

/** Every refusal, whatever the route. `message` is plain English, to be shown as it is; `field` names the input at fault. */
export const ErrorReply = closed({
  error: closed({ code: Type.String(), message: Type.String(), field: Type.Optional(Type.String()) }),
});
