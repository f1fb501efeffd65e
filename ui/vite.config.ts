import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import vuetify from 'vite-plugin-vuetify'

const SERVER = process.env.MRDRAW_SERVER ?? 'http://127.0.0.1:5000'

export default defineConfig({
  base: './',
  plugins: [vue(), vuetify({ autoImport: true })],
  build: {
    outDir: '../src/mrdraw/server/static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 900,
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/downloads', '/machines', '/plugin', '/sockjs'].map((path) => [path, { target: SERVER, ws: true }]),
    ),
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    server: { deps: { inline: ['vuetify'] } },
  },
})
