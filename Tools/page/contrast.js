// What is hard to read: [what, contrast]. Text needs 4.5, frames of controls and colours of prompts 3.
(() => {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = numbers(getComputedStyle(one).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (color, below) => {
    const [dark, light] = [luminance(numbers(color)), luminance(below)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const found = [];
  const check = (what, color, below, least) => {
    const value = contrast(color, below);
    if (value < least) found.push([what, value.toFixed(2)]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: element } = texts.currentNode;
    if (!data.trim() || !element.checkVisibility() || element.closest("[disabled], option, noscript")) continue;
    check(data.trim().slice(0, 40), getComputedStyle(element).color, ground(element), 4.5);
  }
  for (const element of document.querySelectorAll("button:enabled:not(.small, .show, .primary), select:enabled, input[type=text]")) {
    if (element.checkVisibility()) check(element.id || element.textContent, getComputedStyle(element).borderTopColor, ground(element.parentElement), 3);
  }
  for (const element of document.querySelectorAll(".swatch")) {
    check("the colour of a prompt", getComputedStyle(element).backgroundColor, ground(element.parentElement), 3);
  }
  return found;
})()
