import type { Page } from 'playwright-core';

/** What a page may be reproached with; empty is what one wants. Each check runs inside the page. */
export async function faultsOf(page: Page): Promise<string[]> {
  return [
    ...(await page.evaluate(namelessControls)),
    ...(await page.evaluate(brokenStructure)),
    ...(await page.evaluate(faintText)),
  ];
}

/** Controls without a name say nothing to a screen reader. */
function namelessControls(): string[] {
  const nameOf = (element: Element): string => {
    const labelled = (element.getAttribute('aria-labelledby') ?? '')
      .split(/\s+/)
      .filter((id) => id !== '')
      .map((id) => document.querySelector(`#${CSS.escape(id)}`)?.textContent ?? '')
      .join('');
    const labels =
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null;
    return (
      element.getAttribute('aria-label') ??
      (labelled === ''
        ? Array.from(labels ?? [], (label) => label.textContent).join('') || element.textContent
        : labelled)
    );
  };
  const controls = document.querySelectorAll(
    'button, a[href], input, textarea, [role="button"], [role="dialog"]',
  );
  return Array.from(controls)
    .filter((element) => element.checkVisibility() && element.closest('[aria-hidden="true"]') === null)
    .filter((element) => nameOf(element).trim() === '')
    .map((element) => `no name: ${element.outerHTML.slice(0, 120)}`);
}

/** Landmarks and headings are how one finds the way without eyes. */
function brokenStructure(): string[] {
  const faults: string[] = [];
  const count = (selector: string) =>
    Array.from(document.querySelectorAll(selector)).filter((element) => element.checkVisibility()).length;
  const mains = count('main, [role="main"]');
  if (mains !== 1) faults.push(`${mains} main landmarks`);
  if (count('h1') > 1) faults.push(`${count('h1')} first headings`);
  const ids = Array.from(document.querySelectorAll('[id]'), (element) => element.id);
  const doubled = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (doubled.length > 0) faults.push(`ids that are not unique: ${doubled.join(' ')}`);
  if (document.documentElement.lang === '') faults.push('the page has no language');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  return faults;
}

/** Text with less contrast than 4.5:1 (3:1 where it is large), against the nearest ground that is painted. */
function faintText(): string[] {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (canvas === null) return ['no canvas'];
  type Rgb = [number, number, number];
  const paint = (colour: string, ground: Rgb): Rgb => {
    canvas.fillStyle = `rgb(${ground.join(' ')})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
  const luminance = (rgb: Rgb) => {
    const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element: Element | null): Rgb =>
    element === null
      ? [255, 255, 255]
      : paint(getComputedStyle(element).backgroundColor, groundOf(element.parentElement));
  const hasText = (element: Element) =>
    Array.from(element.childNodes).some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
    );
  const faults: string[] = [];
  for (const element of document.querySelectorAll('body *')) {
    if (!hasText(element) || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      continue;
    if (element.closest('[data-disabled], [disabled], [inert]') !== null) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const ink = paint(style.color, ground);
    const [light = 0, dark = 0] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const isLarge = Number.parseFloat(style.fontSize) >= 24;
    if (ratio < (isLarge ? 3 : 4.5)) {
      faults.push(
        `contrast ${ratio.toFixed(2)}: "${element.textContent?.trim().slice(0, 40)}" in ${element.className}`,
      );
    }
  }
  return faults;
}
