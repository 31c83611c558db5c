"""What XEP-0198 asks of a client and Debian's slixmpp forgets: to send again, first of all, what was not acknowledged."""

from slixmpp.plugins.xep_0198 import stanza as sm
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath


def keep(client):
    plugin = client['xep_0198']
    forgetful = plugin._handle_outgoing

    def outgoing(stanza):
        if isinstance(stanza, sm.Resume):
            # It clears these when it asks to resume.
            waiting = list(plugin.unacked_queue)
            forgetful(stanza)
            if not plugin.unacked_queue:
                plugin.unacked_queue.extend(waiting)
        elif plugin.sm_id and client.transport is None:
            # On its way to a connection that has just gone, this is neither sent nor kept by it.
            plugin.enabled_out = True
            forgetful(stanza)
            plugin.enabled_out = False
        else:
            return forgetful(stanza)
        return stanza

    def resumed(stanza):
        # They would be put behind what was said while there was no connection.
        client._session_started = True
        plugin._handle_resumed(stanza)

    client.del_filter('out_sync', forgetful)
    client.add_filter('out_sync', outgoing)
    client.remove_handler('Stream Management Resumed')
    client.register_handler(
        Callback('Stream Management Resumed', MatchXPath(sm.Resumed.tag_name()), resumed, instream=True))
