import type { Limits } from './config/settings.ts';

/** What those who connect may send and how long they may take, as the parts that listen name it. */
export function clientLimits(limits: Limits) {
  return {
    beforeLogin: {
      bytes: limits.stanza_bytes_before_login,
      depth: limits.depth_before_login,
      attributes: limits.attributes_before_login,
      children: limits.children_before_login,
      namespaces: limits.namespaces_before_login,
    },
    afterLogin: {
      bytes: limits.stanza_bytes,
      depth: limits.depth,
      attributes: limits.attributes,
      children: limits.children,
      namespaces: limits.namespaces,
    },
    loginSeconds: limits.login_seconds,
    idleSeconds: limits.idle_seconds,
    pingSeconds: limits.ping_seconds,
    connectionsPerAddress: limits.connections_per_address,
  };
}
