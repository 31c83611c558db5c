import { createI18n } from 'vue-i18n';

// What the panel says stands in its source in English, and is its own key: a language file has the same sentences in another
// language. What it lacks is shown in English.
const files = import.meta.glob<Readonly<Record<string, string>>>('./languages/*.json', { import: 'default' });

const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  fallbackFormat: true,
  missingWarn: false,
  fallbackWarn: false,
  // The keys are sentences, with dots in them: not paths.
  messageResolver: (messages, key) => (messages as Readonly<Record<string, string>>)[key] ?? null,
  messages: { en: {} } as Record<string, Record<string, string>>,
});

/** The languages there are, by their codes (BCP 47). */
export const LANGUAGES: readonly string[] = ['en', ...Object.keys(files).map((file) => file.slice(12, -5))];

/** What is shown and said, in the language that was chosen; `{name}` in it stands for what is given, `a | b` for one or more. */
export const { t } = i18n.global;

/** The language in which everything is said. */
export const language = i18n.global.locale;

export { i18n };
