import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SECOND } from '../time/clock.js';

/** One request of a connection, and what answers it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface ConnectionOptions {
  /** Runs what a socket calls. Nothing else catches what is thrown there, and the process would end. */
  readonly guard: (work: () => void) => void;
  /** Whether answers that begin now are the last ones of their connections. */
  readonly isClosing: () => boolean;
  /** Calls back when it is the turn of another request of a connection that has pipelined. */
  readonly waitForTurn: (goOn: () => void) => void;
}

/**
 * How many bytes Node's parser is given at once. It makes objects of every request in them before it looks up, and one
 * read of a socket brings up to 64 KiB, which can be 3 600 requests. Most requests fit in one piece.
 */
const PIECE = 1024;

/** How many pieces one connection may have in a row. Of a body in chunks it is one, because Node tells each chunk. */
const PIECES_IN_A_ROW = 8;

/**
 * After so many answers in a row with always more than a piece waiting, a connection is closed. No real client
 * pipelines that much; one that does may connect again and send the rest (RFC 9112, section 9.3.2).
 */
const MOST_IN_A_ROW = 100;

/**
 * How long a connection that has pipelined may be idle. At first the buffers of the two systems take answers that
 * nobody reads, and then the connection looks idle.
 */
const PIPELINED_IDLE_TIMEOUT = 15 * SECOND;

/** How long a closing connection is still read: to close it with input unread would reset it, and lose the answer. */
const LINGER = 0.5 * SECOND;

/**
 * One client's connection. Its requests are carried out one after the other, in the order in which they were sent
 * (RFC 9112, section 9.3.2), and while one is, the rest stays unread: a client has one answer outstanding, however
 * many requests it pipelines.
 *
 * Node would carry out all of them at once and hold all answers in memory. So this stands between the socket and
 * Node's own listeners, and hands them the input in small pieces while there is no complete request to answer
 * (docs/decisions/0008).
 */
export class Connection {
  private readonly feed: (chunk?: Buffer) => void;
  private readonly feedEnd: () => void;
  /** The first is being answered; the others stood in the same piece. */
  private readonly exchanges: Exchange[] = [];
  private answering = false;
  private inARow = 0;
  private hasPipelined = false;
  private isResting = false;
  private inputEnded = false;
  /** Nothing that follows this request is carried out. */
  private last: IncomingMessage | undefined;
  /** Answered before it had arrived whole: it needs no second answer. */
  private answeredEarly: IncomingMessage | undefined;
  /** What is written when everything before it is answered, as the end of the connection. */
  private farewell: (() => void) | undefined;
  private retired = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    const { guard } = options;
    // Node's own way, for every answer with `Connection: close`, resets a client that is still sending.
    socket.destroySoon = () => endSocket(socket);
    this.feed = takeListener(socket, 'data');
    this.feedEnd = takeListener(socket, 'end');
    socket.on('data', (chunk: Buffer) => guard(() => this.read(chunk)));
    socket.on('end', () => guard(() => this.readEnd()));
    // Node listens for the first error alone. A second one would end the process.
    socket.on('error', () => socket.destroy());
  }

  /** Answers a request as soon as those before it are answered. */
  accept(exchange: Exchange): void {
    const { request, response } = exchange;
    if (this.isOver) return;
    // Node drops what stands behind such a request in the same piece, and would read on in the middle of the next one.
    if (request.headers.upgrade !== undefined) this.last = request;
    this.exchanges.push(exchange);
    response.once('close', () => this.options.guard(() => this.answered()));
    if (this.exchanges.length > 1) this.hasPipelined = true;
    else if (!this.answering) this.answerFirst();
  }

  /** Reads no further. Once every request that arrived whole is answered, `write` has the last word. */
  refuse(write: () => void): void {
    // At `CONNECT` Node takes its listeners away and leaves the socket to others.
    if (this.socket.listenerCount('timeout') === 0) this.socket.on('timeout', () => this.socket.destroy());
    if (this.farewell !== undefined) return;
    if (this.answeredEarly?.complete === false) return void this.socket.destroy();
    this.farewell = write;
    const newest = this.exchanges.at(-1);
    if (newest?.request.complete === false) {
      // This is the request that is refused. An answer to it that has begun stays the only one.
      if (newest.response.headersSent) this.farewell = () => this.socket.destroy();
      this.exchanges.pop();
    }
    if (this.exchanges.length === 0) this.farewell();
  }

  /** Tells the client with the answer that is being made, if there is one, that it is the last. */
  announceEnd(): void {
    const [first] = this.exchanges;
    if (first !== undefined) first.response.shouldKeepAlive = false;
  }

  /** Ends the connection: at once when nothing is being answered, else after that. */
  retire(): void {
    this.retired = true;
    if (this.exchanges.length === 0) endSocket(this.socket);
  }

  /** Whether a whole request is being answered or waits for that, so that nothing more is read. */
  get isBusy(): boolean {
    return this.exchanges[0]?.request.complete === true;
  }

  /** Whether nothing that is read now can be answered any more. */
  private get isOver(): boolean {
    return this.farewell !== undefined || this.last?.complete === true || this.socket.writableEnded;
  }

  private read(chunk: Buffer): void {
    for (let start = 0; start < chunk.length; start += PIECE) {
      if (this.isOver) return;
      if (start >= PIECE * this.piecesInARow) this.rest();
      if (this.isBusy || this.isResting || this.socket.isPaused()) {
        if (this.isBusy) this.hasPipelined = true;
        this.socket.pause();
        this.socket.unshift(chunk.subarray(start));
        return;
      }
      this.feed(chunk.subarray(start, start + PIECE));
    }
    // The client waits for no more than stands in one piece.
    this.inARow = 0;
  }

  private get piecesInARow(): number {
    return this.exchanges[0]?.request.headers['transfer-encoding'] === undefined ? PIECES_IN_A_ROW : 1;
  }

  /** Reads on when it is its turn. Node resumes the socket for every chunk of a body, so that pausing it is not enough. */
  private rest(): void {
    if (this.isBusy) return;
    this.isResting = true;
    this.options.waitForTurn(() =>
      this.options.guard(() => {
        this.isResting = false;
        if (!this.isBusy) this.socket.resume();
      }),
    );
  }

  private readEnd(): void {
    this.inputEnded = true;
    this.passOnEnd();
  }

  /** A client may close its side when it has asked; Node would close ours then, and the answer would be lost. */
  private passOnEnd(): void {
    if (this.inputEnded && !this.isOver && !this.isBusy) this.feedEnd();
  }

  private answerFirst(): void {
    const [first] = this.exchanges;
    if (first === undefined) return;
    this.answering = true;
    this.inARow += 1;
    const { request, response, answer } = first;
    if (this.inARow >= MOST_IN_A_ROW) this.last = request;
    if (request === this.last || this.options.isClosing()) {
      response.shouldKeepAlive = false;
      // What is unread at the end would reset the connection, and the answer might be lost.
      this.socket.resume();
    }
    answer(request, response);
  }

  private answered(): void {
    this.answering = false;
    this.answeredEarly = this.exchanges.shift()?.request;
    // The rest of its requests would else be carried out before anybody else's.
    if (this.hasPipelined) this.options.waitForTurn(() => this.options.guard(() => this.goOn()));
    else this.goOn();
  }

  private goOn(): void {
    const { socket } = this;
    // The client is gone, or was told that this was the last answer: the rest is not carried out.
    if (socket.destroyed || socket.writableEnded || this.answering) return;
    this.passOnEnd();
    if (this.exchanges.length > 0) return this.answerFirst();
    if (this.farewell !== undefined) return this.farewell();
    if (this.retired) return endSocket(socket);
    if (this.hasPipelined) socket.setTimeout(PIPELINED_IDLE_TIMEOUT);
    socket.resume();
  }
}

/** Sends the last bytes of a connection and closes it, in a way that lets them arrive. */
export function endSocket(socket: Socket, text = ''): void {
  if (socket.writable) socket.end(text);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Node's own listener for an event of the socket, which the socket no longer calls. */
function takeListener(socket: Socket, event: 'data' | 'end'): (chunk?: Buffer) => void {
  const listener = socket.listeners(event).at(-1);
  if (listener === undefined)
    throw new Error(`Node's HTTP server does not listen for "${event}" of its sockets.`);
  socket.off(event, listener as () => void);
  return (chunk) => void Reflect.apply(listener, socket, [chunk]);
}
