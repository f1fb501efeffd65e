import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import vuetify from 'vite-plugin-vuetify'

const SERVER = process.env.MRDRAW_SERVER ?? 'http://127.0.0.1:5000'

const STATIC = '../src/mrdraw/server/static'
const WORTH_IT = 1024

/** Puts a compressed copy beside each asset, so that the server never compresses anything. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      const folder = join(import.meta.dirname, STATIC, 'assets')
      for (const name of readdirSync(folder)) {
        const content = readFileSync(join(folder, name))
        if (!/\.(js|css|svg)$/.test(name) || content.length < WORTH_IT) continue
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content))
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [vue(), vuetify({ autoImport: true }), compressed()],
  build: {
    outDir: STATIC,
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
