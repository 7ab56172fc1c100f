import { expect, test } from 'bun:test';
import { text } from '../text.ts';
import { badgeText, conversationName, pageTitle, typingText } from './conversation-label.ts';

test('a conversation is never called nothing', () => {
  expect(conversationName({ name: 'Ada', type: 'direct' })).toBe('Ada');
  expect(conversationName({ name: '', type: 'direct' })).toBe(text.unknownUser);
  expect(conversationName({ name: '', type: 'group' })).toBe(text.list.nobody);
});

test('the page title begins with what is unread', () => {
  expect(pageTitle(0, null)).toBe('Confab');
  expect(pageTitle(3, 'Ada')).toBe('(3) Ada · Confab');
  expect(pageTitle(5000, null)).toBe('(999+) Confab');
  expect(badgeText(12)).toBe('12');
});

test('who is typing', () => {
  expect(typingText([])).toBeNull();
  expect(typingText(['Ada'])).toContain('Ada');
  expect(typingText(['Ada', 'Bob'])).toContain('Bob');
  expect(typingText(['Ada', 'Bob', 'Cy'])).toBe(text.typing.several);
});
