import { createPinia } from 'pinia'
import 'vuetify/styles'
import { createApp } from 'vue'
import { whenSignedOut, whenStale } from './api/client'
import App from './App.vue'
import { i18n, vuetify } from './plugins'
import { router } from './router'
import { useProof } from './stores/proof'
import { useSession } from './stores/session'
import './style.css'

async function begin(): Promise<void> {
  const app = createApp(App).use(createPinia()).use(vuetify).use(i18n)
  const session = useSession()
  if (!session.firstRun) await session.recall().catch(() => undefined)
  whenSignedOut(() => {
    if (!session.firstRun) session.forget()
  })
  whenStale(useProof().ask)
  app.use(router)
  await router.isReady()
  app.mount('#app')
}

void begin()
