/** What was asked for cannot be done. The message is a sentence for whoever asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
