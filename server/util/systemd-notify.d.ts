declare module 'systemd-notify' {
  interface NotifyOptions {
    ready?: boolean;
    status?: string;
    pid?: number;
  }
  /** Runs the program `systemd-notify`. Rejects with an Error, or with what the program printed. */
  export default function notify(options: NotifyOptions): Promise<unknown>;
}
