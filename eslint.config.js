import js from '@eslint/js';
import globals from 'globals';

const worker = ['webapp/static/**/sw.js', 'webapp/static/**/*-worker.js'];

export default [
  { ignores: ['webapp/static/pwa/vendor/', '.venv/', 'instance/', 'node_modules/', 'bench/out/', 'test-results/'] },
  js.configs.recommended,
  {
    rules: {
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-implicit-globals': 'error',
      'no-console': ['error', { allow: ['warn', 'error'] }],
      // full-width spaces belong to Japanese sentences
      'no-irregular-whitespace': ['error', { skipStrings: true, skipTemplates: true }],
      'no-eval': 'error',
      'no-shadow': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'object-shorthand': 'error',
      complexity: ['error', 10],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
    },
  },
  { files: ['webapp/static/**/*.js'], ignores: worker, languageOptions: { globals: globals.browser } },
  { files: worker, languageOptions: { globals: { ...globals.worker, ...globals.serviceworker } } },
  { files: ['bench/decode_*.js'], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  { files: ['webapp/static/**/sw.js'], languageOptions: { sourceType: 'script' } },
  { files: ['tests/**/*.js', '*.js'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  { files: ['tests/**/*.js'], rules: { 'max-lines-per-function': 'off' } },
];
