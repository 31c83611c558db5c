import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteMeta } from 'vue-router';
import type { Right } from '../../server/http/contract/index.ts';
import { whenSignedOut } from './api.ts';
import { admin, claimed, knowSession, may, refreshSession } from './composables/session.ts';
import { setTitle } from './composables/title.ts';
import { say } from './composables/toasts.ts';
import { mayLeave } from './composables/unsaved.ts';
import { t } from './language.ts';
import OverviewPage from './pages/OverviewPage.vue';
import SignInPage from './pages/SignInPage.vue';

declare module 'vue-router' {
  interface RouteMeta {
    title: string;
    /** Shown without the side bar, to people who are not signed in. */
    plain?: boolean;
    /** For whoever holds the link: nobody is asked who they are. */
    open?: boolean;
    /** What one must be allowed to do to see it: `look` unless it says otherwise. */
    needs?: Right | 'nothing';
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: OverviewPage, meta: { title: t('Overview') } },
    {
      path: '/people',
      component: () => import('./pages/PeoplePage.vue'),
      meta: { title: t('People'), needs: 'people' },
    },
    {
      path: '/people/import',
      component: () => import('./pages/ImportPage.vue'),
      meta: { title: t('Import people'), needs: 'admin' },
    },
    {
      path: '/people/:domain/:local',
      component: () => import('./pages/PersonPage.vue'),
      props: true,
      meta: { title: t('Person'), needs: 'people' },
    },
    {
      path: '/departments',
      component: () => import('./pages/DepartmentsPage.vue'),
      meta: { title: t('Departments') },
    },
    {
      path: '/departments/:id',
      component: () => import('./pages/DepartmentPage.vue'),
      props: true,
      meta: { title: t('Department') },
    },
    { path: '/rooms', component: () => import('./pages/RoomsPage.vue'), meta: { title: t('Rooms') } },
    {
      path: '/rooms/:domain/:room',
      component: () => import('./pages/RoomPage.vue'),
      props: true,
      meta: { title: t('Room') },
    },
    { path: '/archive', component: () => import('./pages/ArchivePage.vue'), meta: { title: t('Archive') } },
    { path: '/files', component: () => import('./pages/FilesPage.vue'), meta: { title: t('Files') } },
    {
      path: '/federation',
      component: () => import('./pages/FederationPage.vue'),
      meta: { title: t('Other servers') },
    },
    {
      path: '/federation/:domain',
      component: () => import('./pages/ServerPage.vue'),
      props: true,
      meta: { title: t('Other server') },
    },
    {
      path: '/certificates',
      component: () => import('./pages/CertificatesPage.vue'),
      meta: { title: t('Certificates') },
    },
    {
      path: '/domains/:domain/dns',
      component: () => import('./pages/DnsPage.vue'),
      props: true,
      meta: { title: 'DNS' },
    },
    {
      path: '/domains/:domain',
      component: () => import('./pages/DomainPage.vue'),
      props: true,
      meta: { title: t('Domain') },
    },
    { path: '/domains', component: () => import('./pages/DomainsPage.vue'), meta: { title: t('Domains') } },
    { path: '/components', component: () => import('./pages/ComponentsPage.vue'), meta: { title: t('Components') } },
    { path: '/setup', component: () => import('./pages/SetupPage.vue'), meta: { title: t('Set up') } },
    { path: '/doctor', component: () => import('./pages/DoctorPage.vue'), meta: { title: t('Doctor') } },
    { path: '/backup', component: () => import('./pages/BackupPage.vue'), meta: { title: t('Backup') } },
    { path: '/backup/key', component: () => import('./pages/BackupKeyPage.vue'), meta: { title: t('Recovery key') } },
    { path: '/settings', component: () => import('./pages/SettingsPage.vue'), meta: { title: t('Settings') } },
    {
      path: '/announcements',
      component: () => import('./pages/AnnouncementsPage.vue'),
      meta: { title: t('Announcements') },
    },
    { path: '/reports', component: () => import('./pages/ReportsPage.vue'), meta: { title: t('Reports') } },
    { path: '/figures', component: () => import('./pages/FiguresPage.vue'), meta: { title: t('Figures') } },
    { path: '/log', component: () => import('./pages/LogPage.vue'), meta: { title: t('Log') } },
    { path: '/activity', component: () => import('./pages/ActivityPage.vue'), meta: { title: t('Activity') } },
    {
      path: '/administrators',
      component: () => import('./pages/AdministratorsPage.vue'),
      meta: { title: t('Administrators'), needs: 'owner' },
    },
    {
      path: '/account',
      component: () => import('./pages/AccountPage.vue'),
      meta: { title: t('Your account'), needs: 'nothing' },
    },
    { path: '/sign-in', component: SignInPage, meta: { title: t('Sign in'), plain: true } },
    { path: '/claim', component: () => import('./pages/ClaimPage.vue'), meta: { title: t('Set up'), plain: true } },
    {
      path: '/reset',
      component: () => import('./pages/ResetPage.vue'),
      meta: { title: t('New password'), plain: true },
    },
    {
      path: '/invite/:token',
      component: () => import('./pages/InvitePage.vue'),
      props: true,
      meta: { title: t('Invitation'), plain: true, open: true },
    },
    {
      path: '/reset/:token',
      component: () => import('./pages/ResetLinkPage.vue'),
      props: true,
      meta: { title: t('New password'), plain: true, open: true },
    },
    { path: '/invitations', component: () => import('./pages/InvitationsPage.vue'), meta: { title: t('Invitations') } },
    {
      path: '/:rest(.*)*',
      component: () => import('./pages/NotFoundPage.vue'),
      meta: { title: t('Page not found'), needs: 'nothing' },
    },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

/** Whether whoever is signed in may see a page; the server would not tell them what is on it. */
export function maySee({ needs = 'look', plain, open }: RouteMeta): boolean {
  return plain === true || open === true || needs === 'nothing' || may(needs);
}

/** A page comes over while the server is asked who is there; a page that cannot be had is told of by the router. */
function fetchPages({ matched }: RouteLocationNormalized): void {
  for (const { components } of matched) {
    const page: unknown = components?.default;
    if (typeof page === 'function') Promise.resolve(page()).catch(() => undefined);
  }
}

// What is asked for within a page, as by its filters, takes nothing from it.
router.beforeEach((to, from) => (admin.value && to.path !== from.path ? mayLeave() : true));

router.beforeEach(async (to) => {
  if (admin.value === undefined) fetchPages(to);
  if (to.meta.open) return true;
  // The application shows why when the server cannot be asked.
  if (!(await knowSession())) return true;
  // The one-time code travels in the hash, so it is taken along.
  if (!claimed.value) return to.path === '/claim' || { path: '/claim', hash: to.hash };
  if (to.path === '/reset') return true;
  if (to.meta.plain) return !admin.value && to.path === '/sign-in' ? true : { path: admin.value ? '/' : '/sign-in' };
  // The help desk has no overview: it begins with the people.
  if (admin.value && to.path === '/' && !may('look')) return '/people';
  if (admin.value) return true;
  return { path: '/sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
});

const RELOADED = 'hallway-reloaded';
/** Two of them in this time (ms) are no upgrade: it would go on for ever. */
const RELOAD_MS = 10_000;

// An upgrade has exchanged the pages under a panel that was open: all of it is loaded anew, at the page that was asked for.
router.onError(async (_error, to) => {
  const answers = await fetch('/health', { cache: 'no-store' }).then(
    () => true,
    () => false,
  );
  const before = Number(sessionStorage.getItem(RELOADED));
  if (!answers || Date.now() - before < RELOAD_MS) {
    say(t('The page could not be loaded. Is the server away? Try once more.'), 'danger');
    return;
  }
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.assign(to.fullPath);
});

router.afterEach((to, from) => {
  setTitle(to.meta.title);
  // A new page is a new place: the keyboard starts at its beginning, not in the menu that led there.
  if (from.matched.length && to.path !== from.path) document.getElementById('content')?.focus({ preventScroll: true });
});

whenSignedOut(() => {
  if (!admin.value) return;
  // Not every 401 is a lost session (a wrong old password is another), so it is asked for.
  refreshSession().then(
    async () => {
      if (admin.value) return;
      say(t('You have been signed out. Please sign in again.'), 'danger');
      await router.push({ path: '/sign-in', query: { next: router.currentRoute.value.fullPath } });
    },
    () => undefined,
  );
});
