import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback whose line can be made slow, silent or broken. */
export class TcpProxy {
  /** Added to each piece of data, in each direction, in milliseconds. */
  delay = 0;
  private frozen = false;
  private isCut = false;
  private readonly sockets = new Set<Socket>();
  private readonly held: Array<() => void> = [];
  private readonly server: Server;

  private constructor(target: number) {
    this.server = createServer({ noDelay: true }, (client) => this.join(client, target));
  }

  static async to(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** Nothing passes any more, and nobody is told. */
  freeze(): void {
    this.frozen = true;
  }

  /** What was held back passes now. */
  thaw(): void {
    this.frozen = false;
    for (const pass of this.held.splice(0)) pass();
  }

  /** Breaks every connection and refuses new ones. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, target: number): void {
    if (this.isCut) return void client.resetAndDestroy();
    const server = connect({ port: target, host: '127.0.0.1', noDelay: true });
    this.carry(client, server);
    this.carry(server, client);
  }

  private carry(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      this.later(() => to.destroy());
    });
    from.on('data', (chunk: Buffer) => this.later(() => to.writable && to.write(chunk)));
    from.on('end', () => this.later(() => to.end()));
  }

  /** Timers of equal length run in their order, so pieces do not overtake each other while the delay stays. */
  private later(pass: () => void): void {
    if (this.frozen) this.held.push(pass);
    else if (this.delay > 0) setTimeout(pass, this.delay);
    else pass();
  }
}
