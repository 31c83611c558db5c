// The web chat: Converse.js, as it comes, told where our server is. A file of its own, as the content policy forbids inline scripts.
import '/chat/converse.min.js';

const reply = await fetch('/chat/settings.json');
const { domain, domains, files } = await reply.json();
const here = location.host;
// For networks that let no WebSocket through: /chat/?bosh
const way = new URLSearchParams(location.search).has('bosh')
  ? { bosh_service_url: `https://${here}/http-bind` }
  : { websocket_url: `wss://${here}/xmpp-websocket` };

// The language that was chosen in the panel, else the first of the browser's own that there is.
const LANGUAGES = ['en', 'de'];
const wanted = [localStorage.getItem('hallway-language') ?? '', ...navigator.languages];
const language = wanted.map((one) => one.replace(/-.*/, '')).find((one) => LANGUAGES.includes(one)) ?? 'en';
document.documentElement.lang = language;

const RESOURCE = 'hallway-resource';
const reloaded = performance.getEntriesByType('navigation')[0]?.type === 'reload';

window.converse.plugins.add('hallway', {
  initialize() {
    const { _converse } = this;
    const { api } = _converse;
    // Its own fetches pictures of sponsors from elsewhere; ours, in the page, names the licence and where the source is.
    api.elements.define('converse-footer', class extends HTMLElement {});
    // Its own bar leads to the makers of Converse.js, as “Contact” too: they are not whom people of this office look for.
    api.elements.define('converse-controlbox-navbar', class extends HTMLElement {});
    // A page that is loaded again takes its session up again (XEP-0198), so it must go on under the name it had.
    api.listen.on('setUserJID', () => {
      const { session, bare_jid: bare, resource: made } = _converse;
      const known = reloaded ? sessionStorage.getItem(RESOURCE) : null;
      const resource = known ?? made;
      sessionStorage.setItem(RESOURCE, resource);
      const jid = `${bare}/${resource}`;
      Object.assign(_converse, { jid, resource });
      session.save({ jid, resource });
      api.connection.get().jid = jid;
    });
    const inUse = (yes) => document.body.classList.toggle('in-use', yes);
    api.listen.on('connected', () => inUse(true));
    api.listen.on('disconnected', () => inUse(false));
  },
});

window.converse.initialize({
  ...way,
  // With one domain people type their name alone; with several, their address.
  ...(domains.length === 1 ? { locked_domain: domain } : { default_domain: domain }),
  assets_path: '/chat/',
  sounds_path: '/chat/sounds/',
  authentication: 'login',
  discover_connection_methods: false,
  allow_registration: false,
  allow_non_roster_messaging: true,
  auto_reconnect: true,
  i18n: language,
  locales: LANGUAGES,
  view_mode: 'fullscreen',
  theme: 'classic',
  dark_theme: 'dracula',
  message_archiving: 'always',
  // Files that people of this server send are shown. Nothing is fetched from elsewhere because somebody wrote a link to it.
  render_media: [files],
  fetch_url_headers: false,
  // Rooms are found and made at the domain's own service, and entered under one's own name; those with autojoin in the
  // bookmarks by themselves. With several domains the chat looks for the service of whoever logs in.
  ...(domains.length === 1 ? { muc_domain: `conference.${domain}` } : {}),
  muc_nickname_from_jid: true,
  allow_muc_invitations: true,
  show_client_info: true,
  loglevel: 'warn',
  whitelisted_plugins: ['hallway'],
});
