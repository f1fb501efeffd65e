// Vuetify with the colours of the house, and the page's sentences.

import { createI18n } from 'vue-i18n'
import { createVuetify, type ThemeDefinition } from 'vuetify'
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg'
import en from './locales/en'

const light: ThemeDefinition = {
  dark: false,
  colors: {
    background: '#FAFAF7',
    surface: '#FFFFFF',
    'surface-variant': '#E9EAE6',
    'on-surface-variant': '#1B2430',
    'on-background': '#1B2430',
    'on-surface': '#1B2430',
    primary: '#2F5BEA',
    'on-primary': '#FFFFFF',
    secondary: '#4A5666',
    warning: '#8F5200',
    'on-warning': '#FFFFFF',
    error: '#C62828',
    'on-error': '#FFFFFF',
    success: '#1E7B34',
    info: '#2F5BEA',
    ready: '#3D4A5C',
    offline: '#5C6570',
    bed: '#F1F2EE',
    rail: '#F3F3EE',
  },
  variables: { 'border-color': '#1B2430', 'border-opacity': 0.14, 'high-emphasis-opacity': 1, 'medium-emphasis-opacity': 0.74 },
}

const dark: ThemeDefinition = {
  dark: true,
  colors: {
    background: '#11161D',
    surface: '#1B2430',
    'surface-variant': '#2B3646',
    'on-surface-variant': '#EEF1F5',
    'on-background': '#EEF1F5',
    'on-surface': '#EEF1F5',
    primary: '#8FAAFF',
    'on-primary': '#10182B',
    secondary: '#AEB9C8',
    warning: '#FFB547',
    'on-warning': '#231600',
    error: '#FF6B6B',
    'on-error': '#2A0505',
    success: '#6FD389',
    info: '#8FAAFF',
    ready: '#C9D2DE',
    offline: '#9AA5B3',
    bed: '#151C26',
    rail: '#151C26',
  },
  variables: { 'border-color': '#EEF1F5', 'border-opacity': 0.14, 'high-emphasis-opacity': 1, 'medium-emphasis-opacity': 0.76 },
}

export const vuetify = createVuetify({
  theme: { defaultTheme: 'system', themes: { light, dark } },
  icons: { defaultSet: 'mdi', aliases, sets: { mdi } },
  display: { mobileBreakpoint: 'md', thresholds: { xs: 0, sm: 480, md: 700, lg: 1200, xl: 1700, xxl: 2560 } },
  defaults: {
    VBtn: { rounded: 'lg', minHeight: 44, style: 'text-transform:none;letter-spacing:0' },
    VTextField: { variant: 'outlined', density: 'comfortable', hideDetails: 'auto' },
    VSelect: { variant: 'outlined', density: 'comfortable', hideDetails: 'auto' },
    VCheckbox: { density: 'comfortable', hideDetails: 'auto', color: 'primary' },
    VSwitch: { density: 'comfortable', hideDetails: 'auto', color: 'primary', inset: true },
    VCard: { rounded: 'xl' },
    VTooltip: { location: 'bottom' },
  },
})

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: { en } })
