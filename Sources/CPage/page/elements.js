// Creates elements of the page.

/** An element with properties, classes in `class`, and children. */
export function element(name, { class: classes, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

/** Fills a menu or a list of boxes only if it has changed, so that an open menu stays open. */
export function refill(parent, key, make) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  parent.replaceChildren(...make());
}
