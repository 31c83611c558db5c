import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that may be without an answer. Browsers and programs send one, and wait. */
const UNANSWERED = 10;

/**
 * Hangs up on who asks for more and more without reading what comes. Node.js begins with every request of a connection at once, so
 * that one packet of them makes the server open hundreds of files, with the memory to send each (SECURITY 71).
 */
export function boundPipeline(handler: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }) => {
    const { socket } = request;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > UNANSWERED) {
      socket.destroy(); // what else is in the packet comes here, too
      return;
    }
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1));
    handler(request, response);
  };
}
