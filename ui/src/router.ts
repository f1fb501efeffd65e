// The page's places. They stand behind the `#`, so that the server needs to know only one address.

import { createRouter, createWebHashHistory } from 'vue-router'
import { useSession } from './stores/session'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'machine', component: () => import('./views/MachineView.vue') },
    { path: '/files', name: 'files', component: () => import('./views/FilesView.vue') },
    {
      path: '/settings',
      component: () => import('./views/SettingsView.vue'),
      children: [
        { path: '', name: 'settings', redirect: { name: 'settings-machine' } },
        { path: 'machine', name: 'settings-machine', component: () => import('./views/MachineSettings.vue') },
        { path: 'api', name: 'settings-api', component: () => import('./views/ApiSettings.vue') },
        { path: 'access', name: 'settings-access', component: () => import('./views/AccessSettings.vue') },
        { path: 'audit', name: 'settings-audit', component: () => import('./views/AuditSettings.vue') },
        { path: 'system', name: 'settings-system', component: () => import('./views/SystemSettings.vue') },
        { path: 'about', name: 'settings-about', component: () => import('./views/AboutPage.vue') },
      ],
    },
    { path: '/account', name: 'account', component: () => import('./views/AccountView.vue') },
    { path: '/grant/:token', name: 'grant', component: () => import('./views/GrantView.vue') },
    { path: '/api-docs', name: 'api-docs', component: () => import('./views/ApiDocsView.vue') },
    { path: '/welcome', name: 'wizard', component: () => import('./views/WizardView.vue'), meta: { open: true } },
    { path: '/sign-in', name: 'sign-in', component: () => import('./views/SignInView.vue'), meta: { open: true } },
    { path: '/:rest(.*)*', name: 'lost', component: () => import('./views/LostView.vue') },
  ],
})

router.beforeEach((to) => {
  const session = useSession()
  if (session.firstRun && to.name !== 'wizard') return { name: 'wizard' }
  if (!session.firstRun && to.name === 'wizard') return { name: 'machine' }
  if (to.meta.open && session.user && !session.atOpenPage && !session.firstRun && to.name === 'sign-in') return { name: 'machine' }
  if (!to.meta.open && session.user === null) return { name: 'sign-in', query: { to: to.fullPath } }
  return true
})
