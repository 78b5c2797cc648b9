"""Every way to add a picture, what is shown under the pointer, two pictures, the link, the keyboard alone, and the network."""

import base64
import json
import time

TITLES = "[...document.querySelectorAll('.panel .title')].map((one) => one.textContent)"
SLOTS = "[...document.querySelectorAll('.slot')].map((one) => one.textContent)"
IDLE = "!document.body.classList.contains('busy')"
PIXELS = "document.querySelector('#panels canvas').toDataURL()"


def settled(browser, panels=1):
    browser.wait(f"{TITLES}.length >= {panels} && {IDLE}")


def sources(run, check, examples):
    """File, drop, paste, example, camera."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee")
    browser.choose_file("#file", examples / "scene2.jpg")
    settled(browser)
    check("a file is taken", "scene2.jpg" in browser.run(SLOTS)[0], browser.run(SLOTS))
    before = browser.run(PIXELS)
    data = {"items": [], "files": [str((examples / "scene1.jpg").resolve())], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        browser.send("Input.dispatchDragEvent", type=kind, x=300, y=300, data=data)
    check("the place for drops shows that it takes it", browser.run("document.getElementById('drop').classList.contains('over')"))
    browser.send("Input.dispatchDragEvent", type="drop", x=300, y=300, data=data)
    browser.wait(f"{SLOTS}[0].includes('scene1.jpg') && {IDLE}")
    check("a dropped picture is explained", browser.run(PIXELS) != before)
    picture = base64.b64encode((examples / "scene3.jpg").read_bytes()).decode()
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.run(f"""(async () => {{
      const bytes = Uint8Array.from(atob({json.dumps(picture)}), (one) => one.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], {{type: "image/jpeg"}}));
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      const png = await new Promise((done) => canvas.toBlob(done, "image/png"));
      await navigator.clipboard.write([new ClipboardItem({{"image/png": png}})]);
    }})()""")
    browser.run("document.getElementById('prompt').focus()")
    browser.send("Input.dispatchKeyEvent", type="keyDown", key="v", code="KeyV", windowsVirtualKeyCode=86, modifiers=2, commands=["paste"])
    browser.send("Input.dispatchKeyEvent", type="keyUp", key="v", code="KeyV", windowsVirtualKeyCode=86, modifiers=2)
    browser.wait(f"{SLOTS}[0].endsWith('.png') && {IDLE}")
    check("a pasted picture is taken", True)
    browser.run("document.querySelector('#examples button').click()")
    browser.wait(f"{SLOTS}[0].includes('scene1.jpg') && {IDLE}")
    check("an example is taken, and the address names it", "example=Scene+1" in browser.run("location.hash"))
    browser.run("document.getElementById('camera').click()")
    browser.wait("document.getElementById('video').videoWidth > 0")
    browser.picture(run.out / "camera.png")
    browser.run("document.getElementById('shoot').click()")
    browser.wait(f"{SLOTS}[0].includes('camera') && {IDLE}")
    check("a frame of the camera is taken, and the camera let go", browser.run("document.getElementById('video').srcObject === null"))


def pointer(run, check):
    """The value under the pointer, the winning prompt there, and selecting a patch by a click."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee&p=a+photo+of+a+snail&example=Scene+2", panels=1)
    requests = "performance.getEntriesByName(new URL('v1/explain', document.baseURI).href).length"
    count = browser.run(requests)
    box = browser.run("(() => { const box = document.querySelector('#panels canvas').getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; })()")
    seen = set()
    for step in range(8):
        browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + box[2] * (step + 0.5) / 8, y=box[1] + box[3] / 2)
        seen.add(browser.run("document.querySelector('.readout').textContent"))
    check("values and the prompt that wins are under the pointer",
          len(seen) > 3 and all("highest here: a photo of a" in one and ": 0." in one or ": 1." in one for one in seen), seen)
    check("they cost no request", browser.run(requests) == count)
    for kind in ("mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=box[0] + box[2] / 2, y=box[1] + box[3] / 2, button="left", clickCount=1)
    browser.wait(f"document.querySelectorAll('#patch tbody tr').length === 2 && !document.querySelector('#patch td').textContent.includes('—') && {IDLE}")
    timing = browser.run("document.getElementById('timing').textContent")
    check("the click's similarities come from the pass that is kept", timing.startswith("Picture kept"), timing)
    browser.run("(() => { const menu = document.getElementById('view'); menu.value = 'winner'; menu.dispatchEvent(new Event('change')); })()")
    check("the winners are shown", browser.run(TITLES) == ["Which prompt wins"])
    browser.picture(run.out / "winners.png")
    browser.run("(() => { const menu = document.getElementById('view'); menu.value = 'selected'; menu.dispatchEvent(new Event('change')); })()")
    # Another method is one more backward pass, but no forward pass.
    browser.run("(() => { document.getElementById('compare-box').open = true; document.querySelector('#more-methods [data-id=gradcam]').click(); })()")
    settled(browser, 2)
    timing = browser.run("document.getElementById('timing').textContent")
    check("another method comes from the pass that is kept", timing.startswith("Picture kept"), timing)


def layers(run, check):
    """One layer at a time and a range, without a request; opacity, colours and contour likewise."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee&layers=0-5&example=Scene+2", panels=1)
    browser.run("document.getElementById('layers-box').open = true")
    time.sleep(0.3)
    browser.wait(IDLE)
    requests = "performance.getEntriesByName(new URL('v1/explain', document.baseURI).href).length"
    count, pictures = browser.run(requests), {browser.run(PIXELS)}
    browser.run("document.getElementById('single').click()")
    for layer in range(6):
        browser.run(f"(() => {{ const one = document.getElementById('first'); one.value = {layer}; one.dispatchEvent(new Event('input')); }})()")
        pictures.add(browser.run(PIXELS))
    for name, value, event in (("opacity", 0.9, "input"), ("color", "magma", "change"), ("scale", "shared", "change")):
        browser.run(f"(() => {{ const one = document.getElementById('{name}'); one.value = '{value}'; one.dispatchEvent(new Event('{event}')); }})()")
        pictures.add(browser.run(PIXELS))
    browser.run("document.getElementById('contour').click()")
    pictures.add(browser.run(PIXELS))
    check("each layer, opacity, colours and contour draw another picture", len(pictures) >= 9, len(pictures))
    check("they cost no request", browser.run(requests) == count)


def two_pictures(run, check, examples):
    """Two pictures side by side, and the link that brings the settings back."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee&p=a+photo+of+a+panda&view=each")
    browser.choose_file("#file", examples / "scene1.jpg", examples / "scene2.jpg")
    settled(browser, 4)
    text = browser.run("document.getElementById('panels').innerText")
    check("two pictures stand side by side", "scene1.jpg" in text and "scene2.jpg" in text, text)
    browser.picture(run.out / "two-pictures.png")
    command = browser.run("document.getElementById('command').textContent")
    check("the command has both", "scene1.jpg" in command and "scene2.jpg" in command, command)
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee&p=a+photo+of+a+snail&more-method=rollout&view=each&color=magma&opacity=0.8"
              "&contour=yes&threshold=0.7&layers=2-4&example=Scene+2", panels=4)
    link, before = browser.run("location.hash"), browser.run("[...document.querySelectorAll('#panels canvas')].map((one) => one.toDataURL())")
    browser.open(f"{run.address}?again{link}")
    settled(browser, 4)
    after = browser.run("[...document.querySelectorAll('#panels canvas')].map((one) => one.toDataURL())")
    check("the link brings the same maps back", before == after and browser.run("location.hash") == link)


def keyboard_alone(run, check):
    """From the start to a saved file with Tab, Enter, Space and arrows."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local")

    def tab_to(condition, most=80):
        for _ in range(most):
            browser.press("Tab")
            if browser.run(f"Boolean((({condition}))(document.activeElement))"):
                return True
        return False

    def shown():
        return browser.run("(() => { const one = document.activeElement, style = getComputedStyle(one); "
                           "return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; })()")

    browser.press("Tab")
    check("the first stop skips to the prompts", browser.run("document.activeElement.id") == "skip")
    check("an example is reached", tab_to("(one) => one.getAttribute('aria-label') === 'Example Scene 2'") and shown())
    browser.press("Enter")
    settled(browser)
    browser.run("document.activeElement.blur()")
    check("the field is reached", tab_to("(one) => one.id === 'prompt'"))
    browser.type("a photo of a watermelon")
    browser.wait(f"{TITLES}[0] === 'a photo of a watermelon' && {IDLE}")
    browser.press("Enter")
    check("a map is reached", tab_to("(one) => one.tagName === 'CANVAS'") and shown())
    browser.press("ArrowRight")
    browser.press("Enter")
    browser.wait(f"document.querySelectorAll('#patch tbody tr').length > 1 && {IDLE}")
    check("the menus are reached", tab_to("(one) => one.id === 'method'"))
    check("what is folded is opened", tab_to("(one) => one.tagName === 'SUMMARY' && one.textContent.includes('Save')"))
    browser.press("Enter")
    for old in run.saved.iterdir():
        old.unlink()
    check("the button is reached", tab_to("(one) => one.id === 'save-npy'") and shown())
    browser.press("Enter")
    for _ in range(100):
        if list(run.saved.glob("*.npy")):
            break
        time.sleep(0.1)
    check("a file is saved by the keyboard", bool(list(run.saved.glob("*.npy"))))


def models(run, check):
    """What is in memory, and the progress of a model that is being loaded."""
    browser = run.browser
    run.start("model=ViT-Ti-8-emoji:local&p=a+photo+of+a+bee&example=Scene+2", panels=1)
    text = browser.run("document.getElementById('memory').textContent")
    check("the memory in use and its limit are told", " in memory: " in text and "GB" in text, text)
    menu = browser.run("[...document.getElementById('model').options].map((one) => one.text)")
    check("the menu has the models, and which are in memory", len(menu) == 2 and any("in memory" in one for one in menu), menu)


def network(run, check):
    """Everything that the page requested came from the server itself."""
    addresses = run.browser.run("performance.getEntriesByType('resource').map((one) => one.name)")
    check("no request leaves the server", addresses and all(one.startswith((run.address, "blob:", "data:")) for one in addresses), addresses)
