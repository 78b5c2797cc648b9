extension HTML {
  /// For phones, wide screens, dark mode and paper.
  static let style: HTML = """
    :root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de;
      --badge: #b45309; --badge-ink: #fff; --word: 245, 158, 11; }
    @media (prefers-color-scheme: dark) { :root { --ground: #101216; --ink: #e8eaed; --quiet: #9ba3ac; --line: #30363d;
      --badge: #f0b35b; --badge-ink: #101216; --word: 217, 119, 6; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.45 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
    main { max-width: 1180px; margin: 0 auto; padding: 16px; }
    h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; padding-top: 1rem;
      border-top: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
    p { margin: .25rem 0; } .quiet, figcaption, dt { color: var(--quiet); }
    .quiet, figcaption, dl, table, pre { font-size: .875rem; }
    .legend { max-width: 280px; margin: .75rem 0; } .legend img { width: 100%; height: 20px; }
    .legend div { display: flex; justify-content: space-between; font-size: .875rem; }
    .maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(200px, 46%), 1fr)); gap: 12px;
      margin: .5rem 0; }
    .maps > figure { max-width: 320px; } figure { margin: 0; } img { display: block; max-width: 100%; }
    .maps img, img.seen { width: 100%; height: auto; } img.seen { max-width: 320px; }
    .badge { display: inline-block; background: var(--badge); color: var(--badge-ink); border-radius: 4px;
      padding: 0 .4em; font-size: .8125rem; font-weight: 600; white-space: nowrap; print-color-adjust: exact; }
    .words span { display: inline-block; border-radius: 4px; padding: 0 .35em; margin: 0 2px 4px 0;
      print-color-adjust: exact; }
    .scroll { overflow-x: auto; } .scroll :is(th, td):first-child { min-width: 8em; } table { border-collapse: collapse; margin: .5rem 0; }
    th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line);
      vertical-align: top; } td.number, th.number { text-align: right; white-space: nowrap; }
    dl { display: grid; grid-template-columns: minmax(7em, max-content) 1fr; gap: .15rem 1rem; margin: .5rem 0; }
    dd { margin: 0; } pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: 6px;
      padding: .5rem .75rem; }
    @media print { body { font-size: 11px; } main { max-width: none; padding: 0; }
      figure, tr, dl > *, .prompt, pre { break-inside: avoid; } h2, h3 { break-after: avoid; } .maps { grid-template-columns: repeat(4, 1fr); } }
    """
}
