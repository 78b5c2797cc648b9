/// Colour tables of 256 RGB entries, in base64.
///
/// Viridis, inferno, magma and plasma (Stéfan van der Walt, Nathaniel Smith, Eric Firing; CC0) and turbo (Anton Mikhailov, Google; Apache-2.0) are
/// rounded as in OpenCV; hot and bone are OpenCV's (Apache-2.0).
enum ColorTables {
  static let viridis =
    """
    RAFURAJWRQRXRQVZRgdaRghcRgpdRgteRw1gRw5hRxBjRxFkRxNlSBRnSBZoSBdpSBhqSBpsSBttSBxuSB1vSB9wSCBxSCFzSCN0SCR1SCV2\
    SCZ3SCh4SCl5Ryp6Ryx6Ry17Ry58Ry99RjB+RjJ+RjN/RjSARTWBRTeBRTiCRDmDRDqDRDuEQz2EQz6FQj+FQkCGQkGGQUKHQUSHQEWIQEaI\
    P0eIP0iJPkmJPkqJPkyKPU2KPU6KPE+KPFCLO1GLO1KLOlOLOlSMOVWMOVaMOFiMOFmMN1qMN1uNNlyNNl2NNV6NNV+NNGCNNGGNM2KNM2ON\
    MmSOMmWOMWaOMWeOMWiOMGmOMGqOL2uOL2yOLm2OLm6OLm+OLXCOLXGOLHGOLHKOLHOOK3SOK3WOKnaOKneOKniOKXmOKXqOKXuOKHyOKH2O\
    J36OJ3+OJ4COJoGOJoKOJoKOJYOOJYSOJYWOJIaOJIeOI4iOI4mOI4qNIouNIoyNIo2NIY6NIY+NIZCNIZGMIJKMIJKMIJOMH5SMH5WLH5aL\
    H5eLH5iLH5mKH5qKHpuKHpyJHp2JH56JH5+IH6CIH6GIH6GHH6KHIKOGIKSGIaWFIaaFIqeFIqiEI6mDJKqDJauCJayCJq2BJ62BKK6AKa9/\
    KrB/LLF+LbJ9LrN8L7R8MbV7MrZ6NLZ5Nbd5N7h4OLl3Orp2O7t1Pbx0P7xzQL1yQr5xRL9wRsBvSMFuSsFtTMJsTsNrUMRqUsVpVMVoVsZn\
    WMdlWshkXMhjXsliYMpgY8tfZcteZ8xcac1bbM1abs5YcM9Xc9BWddBUd9FTetFRfNJQf9NOgdNNhNRLhtVJidVIi9ZGjtZFkNdDk9dBldhA\
    mNg+m9k8ndk7oNo5oto3pds2qNs0qtwyrdwwsN0vst0ttd4ruN4put4ovd8mwN8lwt8jxeAhyOAgyuEfzeEd0OEc0uIb1eIa2OIZ2uMZ3eMY\
    3+MY4uQY5eQZ5+QZ6uUa7OUb7+Uc8eUd9OYe9uYg+OYh++cj/ecl
    """

  static let inferno =
    """
    AAAEAQAFAQEGAQEIAgEKAgIMAgIOAwIQBAMSBAMUBQQXBgQZBwUbCAUdCQYfCgciCwckDAgmDQgpDgkrEAktEQowEgoyFAs0FQs3Fgs5GAw8\
    GQw+GwxBHAxDHgxFHwxIIQxKIwxMJAxPJgxRKAtTKQtVKwtXLQtZLwpbMQpcMgpeNApfNglhOAliOQljOwlkPQllPglmQApnQgpoRApoRQpp\
    RwtqSQtqSgxrTAxrTQ1sTw1sUQ5sUg5tVA9tVQ9tVxBuWRBuWhFuXBJuXRJuXxNuYRNuYhRuZBVuZRVuZxZuaRZuahdubBhubRhubxlucRlu\
    chpudBpudRtudxxteBxteh1tfB1tfR5tfx5sgB9sgiBshCBrhSFrhyFriCJqiiJqjCNpjSNpjyRpkCVokiVokyZnlSZnlydmmCdmmihlmylk\
    nSlknypjoCpjoitioyxhpSxgpi1gqC5fqS5eqy9erTBdrjBcsDFbsTJaszJatDNZtjRYtzVXuTVWujZVvDdUvThTvzlSwDpRwTpQwztPxDxO\
    xj1Nxz5MyD9LykBKy0FJzEJIzkNHz0RG0EVF0kZE00dD1EhC1UpB10s/2Ew+2U092k4821A73VE63lI431M34FU24VY14lc041kz5Fox5Vww\
    5l0v514u6GAt6WEr6mMq62Qp62Yo7Gcm7Wkl7mok72wj724h8G8g8XEf8XMd8nQc83Yb83gZ9HkY9XsX9X0V9n4U9oAT94IS94QQ+IUP+IcO\
    +IkM+YsL+YwK+Y4J+pAI+pIH+pQH+5YG+5cG+5kG+5sG+50H/J8H/KEI/KMJ/KUK/KYM/KgN/KoP/KwR/K4S/LAU/LIW/LQY+7Ya+7gd+7of\
    +7wh+74j+sAm+sIo+sQq+sYt+ccv+cky+cs1+M03+M8699E999NA9tVD9tdG9dlJ9dtM9N1P9N9T9OFW8+Na8+Vd8uZh8uhl8upp8ext8e1x\
    8e918fF58vJ98vSC8/WG8/aK9PiO9fmS9vqW+Pua+fyd+v2h/P+k
    """

  static let magma =
    """
    AAAEAQAFAQEGAQEIAgEJAgILAgINAwMPAwMSBAQUBQQWBgUYBgUaBwYcCAceCQcgCggiCwkkDAkmDQopDgsrEAstEQwvEg0xEw00FA42FQ44\
    Fg87GA89GRA/GhBCHBBEHRFHHhFJIBFLIRFOIhFQJBJTJRJVJxJYKRFaKhFcLBFfLRFhLxFjMRFlMxBnNBBpNhBrOBBsOQ9uOw9wPQ9xPw9y\
    QA90Qg91RA92RRB3RxB4SRB4ShB5TBF6ThF7TxJ7URJ8UhN8VBN9VhR9VxV+WRV+WhZ+XBZ/XRd/Xxh/YBiAYhmAZBqAZRqAZxuAaByBahyB\
    ax2BbR2Bbh6BcB+Bch+BcyCBdSGBdiGBeCKBeSKCeyOCfCOCfiSCgCWCgSWBgyaBhCaBhieBiCeBiSiBiymBjCmBjiqBkCqBkSuBkyuAlCyA\
    liyAmC2AmS2Amy5/nC5/ni9/oC9/oTB+ozB+pTF+pjF9qDJ9qjN9qzN8rTR8rjR7sDV7sjV7szZ6tTZ6tzd5uDd5ujh4vDl4vTl3vzp3wDp2\
    wjt1xDx1xTx0xz1zyD5zyj5yzD9xzUBxz0Bw0EFv0kJv00Nu1URt1kVs2EVs2UZr20dq3Ehp3klo30po4Exn4k1m405l5E9k5VBk51Jj6FNi\
    6VRi6lZh61dg7Fhg7Vpf7lte711e8F9e8WBd8mJd8mRc82Vc9Gdc9Glc9Wtc9mxc9m5c93Bc93Jc+HRc+HZc+Xhd+Xld+Xtd+n1e+n9e+oFf\
    +4Nf+4Vg+4dh/Ilh/Ipi/Ixj/I5k/JBl/ZJm/ZRn/ZZo/Zhp/Zpq/Ztr/p1s/p9t/qFu/qNv/qVx/qdy/qlz/qp0/qx2/q53/rB4/rJ6/rR7\
    /rZ8/rd+/rl//ruB/r2C/r+E/sGF/sKH/sSI/saK/siM/sqN/syP/s2Q/s+S/tGU/tOV/tWX/teZ/tia/dqc/dye/d6g/eCh/eKj/eOl/eWn\
    /eep/emq/eus/Oyu/O6w/PCy/PK0/PS2/Pa4/Pe5/Pm7/Pu9/P2/
    """

  static let plasma =
    """
    DQiHEAeIEweJFgeKGQaMGwaNHQaOIAaPIgaQJAaRJgWRKAWSKgWTLAWULgWVLwWWMQWXMwWXNQSYNwSZOASaOgSaPASbPgScPwScQQSdQwOe\
    RAOeRgOfSAOfSQOgSwOhTAKhTgKiUAKiUQKjUwKjVQKkVgGkWAGkWQGlWwGlXAGmXgGmYAGmYQCnYwCnZACnZgCnZwCoaQCoagCobACobgCo\
    bwCocQCocgGodAGodQGodwGoeAGoegKoewKofQOofgOogASogQSngwWnhAWnhgamhwemiAimigmliwqljQuljgykjw2kkQ6jkg+jlBCilRGh\
    lhOhmBSgmRWfmhafnBeenRidnhmdoBqcoRuboh2aox6apR+ZpiCYpyGXqCKWqiOVqySUrCaUrSeTriiSsCmRsSqQsiuPsyyOtC6NtS+MtjCL\
    tzGKuDKJujOIuzSIvDWHvTeGvjiFvzmEwDqDwTuCwjyBwz2AxD5/xUB+xkF9x0J8yEN7yUR6ykV6y0Z5zEd4zEl3zUp2zkt1z0x00E1z0U5y\
    0k9x01Fx1FJw1VNv1VRu1lVt11Zs2Fdr2Vhq2lpq2ltp21xo3F1n3V5m3l9l3mFk32Jj4GNj4WRi4mVh4mZg42hf5Gle5Wpd5Wtd5mxc525b\
    529a6HBZ6XFY6XJX6nRX63VW63ZV7HdU7XlT7XpS7ntR73xR735Q8H9P8IBO8YFN8YNM8oRL84VL84dK9IhJ9IlI9YtH9YxG9o1F9o9E95BE\
    95FD95NC+JRB+JVA+Zc/+Zg++Zo++ps9+pw8+p47+586+6E5+6I4/KM4/KU3/KY2/Kg1/Kk0/asz/awz/a4y/a8x/bEw/bIv/bQv/bUu/rct\
    /rgs/ros/rsr/r0q/r4q/sAp/cIp/cMo/cUn/cYn/cgn/com/csm/M0l/M4l/NAl/NIl+9Mk+9Uk+9ck+tgk+tok+dwk+d0l+N8l+OEl9+Il\
    9+Ql9uYm9ugm9ekm9esn9O0n8+4n8/An8vIn8fQm8fUl8Pck8Pkh
    """

  static let turbo =
    """
    MBI7MhVDMxhKNBtRNR5YNiFfNyRmOCdtOSpzOi15Oy+APDKGPTWLPjiRPzuXPz6cQECiQUOnQUasQkmxQku1Q066RFG/RFTDRFbHRVnLRVzP\
    RV7TRmHWRmTaRmbdRmngRmvjR27mR3HpR3PrR3buR3jwR3vyRn30RoD2RoL4RoX6Rof7RYr8RYz9RI/+Q5H+QpT/QZb/QJn/Ppv+PZ7+O6D9\
    OqP8OKX7N6j6Nav4M633Ma/1L7L0LrTyLLfwKrnuKLzrJ77pJcDnI8PkIsXiIMffH8ndHsvaHM3YG9DVGtLSGtTQGdXNGNfKGNnIGNvFGN3C\
    GN7AGOC9GeK7GeO5GuS2HOa0HeeyH+mvIOqsIuuqJeynJ+6kKu+hLPCeL/GbMvKYNfOUOPSRPPWOP/aKQ/eHRviESviATvl9Uvp6Vfp2Wftz\
    XfxvYfxsZf1paf1mbf5icf5fdf5cef5Zff9WgP9ThP9RiP9Oi/9Lj/9Jkv9Hlv5Emf5CnP5An/0/of09pPw8p/w6qfs5rPs4r/o3sfk2tPg2\
    t/c1ufY1vPU0vvQ0wfM0w/E0xvA0yO80y+00zew00Oo00uk11Oc11+U12eQ22+I23eA339834d0349s45dk459c56dU569M57NE67s867806\
    8cs68sk69Mc69cU69sM698E6+L45+bw5+ro5+7g4+7Y3/LM2/LE2/a41/aw0/qkz/qcy/qQx/qEw/p4v/pst/pks/pYr/pMq/pAp/Y0n/Yom\
    /Icl/IQj+4Ei+34h+nsf+Xge+XUd+HIc928a9mwZ9WkY9GYX82MV8mAU8V0T8FsS71gR7VUQ7FMP61AO6k4N6EsM50kM5UcL5EUK4kMK4UEJ\
    3z8I3T0I3DsH2jkH2DcG1jUG1DMF0jEF0C8Fzi0EzCsEyioEyCgDxSYDwyUDwSMCviECvCACuR4Ctx0CtBsBshoBrxgBrBcBqRYBpxQBpBMB\
    oRIBnhABmw8BmA4BlQ0BkgsBjgoBiwkCiAgChQcCgQYCfgUCegQD
    """

  static let hot =
    """
    AAAAAgAABQAACAAACgAADAAADwAAEgAAFAAAFgAAGQAAGwAAHgAAIAAAIwAAJgAAKAAAKgAALQAAMAAAMgAANAAANwAAOQAAPAAAPgAAQQAA\
    RAAARgAASAAASwAATgAAUAAAUgAAVQAAWAAAWgAAXAAAXwAAYgAAZAAAZgAAaQAAbAAAbgAAcAAAcwAAdQAAeAAAegAAfQAAgAAAggAAhAAA\
    hwAAigAAjAAAjgAAkQAAlAAAlgAAmAAAmwAAngAAoAAAogAApQAAqAAAqgAArAAArwAAsgAAtAAAtgAAuQAAvAAAvgAAwAAAwwAAxgAAyAAA\
    ygAAzQAA0AAA0gAA1AAA1wAA2gAA3AAA3wAA4QAA5AAA5gAA6AAA6wAA7gAA8AAA8wAA9QAA+AAA+gAA/AAA/QIA/gQA/gYA/wgA/woA/w0A\
    /w8A/xIA/xQA/xYA/xkA/xwA/x4A/yAA/yMA/yYA/ygA/yoA/y0A/zAA/zIA/zQA/zcA/zoA/zwA/z4A/0EA/0QA/0YA/0gA/0sA/04A/1AA\
    /1IA/1UA/1gA/1oA/1wA/18A/2IA/2QA/2YA/2kA/2wA/24A/3AA/3MA/3YA/3gA/3oA/30A/4AA/4IA/4QA/4cA/4oA/4wA/44A/5EA/5QA\
    /5YA/5gA/5sA/54A/6AA/6IA/6UA/6gA/6oA/6wA/68A/7IA/7QA/7YA/7kA/7wA/74A/8AA/8MA/8YA/8gA/8oA/80A/9AA/9IA/9QA/9cA\
    /9oA/9wA/94A/+EA/+QA/+YA/+gA/+sA/+4A//AA//IA//UA//gA//oA//wC//0F//4I//8L//8P//8U//8Z//8e//8j//8o//8t//8y//83\
    //88//9B//9G//9L//9Q//9V//9a//9f//9k//9p//9u//9z//94//99//+C//+H//+M//+R//+W//+b//+g//+l//+q//+v//+0//+5//++\
    ///D///I///N///S///X///c///h///m///r///w///1///6////
    """

  static let bone =
    """
    AAAAAQEBAgICAwMEBAQFBAQGBQUHBgYIBwcKCAgLCQkMCgoNCgoOCwsQDAwRDQ0SDg4TDw8VEBAWEREXEhIYEhIZExMbFBQcFRUdFhYeFxcf\
    GBghGBgiGRkjGhokGxslHBwnHR0oHh4pHx8qICArICAtISEuIiIvIyMwJCQyJSUzJiY0JiY1Jyc2KCg4KSk5Kio6Kys7LCw8LS0+Li4/Li5A\
    Ly9BMDBCMTFEMjJFMzNGNDRHNDRINTVKNjZLNzdMODhNOTlPOjpQOztRPDxSPDxTPT1VPj5WPz9XQEBYQUFZQkJbQkJcQ0NdREReRUVfRkZh\
    R0diSEhjSUlkSUlmSkpnS0toTExpTU1qTk5sT09tUFBuUFBvUVFwUlJxU1NzVFR0VVV1Vld2V1h2V1l3WFp4WVt5Wl16W157XF98XWB9XmF+\
    XmN+X2R/YGWAYWaBYmeCY2mDZGqEZWuEZmyFZm6GZ2+HaHCIaXGJanKKa3SLbHWMbHaMbXeNbniOb3qPcHuQcXyRcn2Sc36SdICTdIGUdYKV\
    doOWd4SXeIaYeYeZeoiaeomae4qbfIycfY2dfo6ef4+fgJGggZKggpOhgpSig5WjhJekhZilhpmmh5qniJuoiJ2oiZ6pip+qi6CrjKGsjaOt\
    jqSuj6WukKavkKiwkamxkqqyk6uzlKy0la61lq+2lrC2l7G3mLK4mbS5mrW6m7a7nLe8nbi8nrq9nru+n7y/oL3Aob7BosDCo8HDpMLEpMPE\
    pcTFpsbGp8fHqcjIqsnJq8rKrMvLrsvLr8zMsc3Nss7Os8/PtdDQttHRuNLSudLSutPTvNTUvdXVvtbWwNfXwdjYw9jYxNnZxdrax9vbyNzc\
    yd3dy97ezN/fzuDgz+Dg0OHh0uLi0+Pj1OTk1uXl1+bm2Ofn2ufn2+jo3enp3urq3+vr4ezs4u3t5O7u5e7u5u/v6PDw6fHx6vLy7PPz7fT0\
    7/T08PX18fb28/f39Pj49fn59/r6+Pv7+vz8+/z8/P39/v7+////
    """

  // matplotlib truncates where OpenCV rounds: it is lower by one at each set bit, the most significant bit first.
  static let viridisRounding =
    """
    Bx1Y8ZV+jYCBbt/KWpWpXMq6MOfFE7ypgpqy77yyz7ffeSywEEAgmWSyUNppOSzfylIFszS+3BhgqXzRINyfUNOSgC2k39u1K1Csfjhxyqqj\
    mPDqHKxVKrUWjw3HdOI5
    """

  static let infernoRounding =
    """
    NzvUw90nuLnGo64hmbpbsatIgfg8cYxwdOCgw0GGjpwVcPjquFVRxquNUeD5ip7gi2EECyWBtL2Bfk1LCd81YVqPQ6nUPVKxMT0AO/1lsmyb\
    2a3Fohppq+eN7LUfLZoK
    """

  static let turboRounding =
    """
    FgAbaJm6NfA/GZ3CG88wQ8U8945wuYd5WK6sLXov1HIxyNfbYHWYvBQZSkyfXcmqODyseXPdU4nhaaNhpi2TAvUdd/JC36zy6X6bYA9LuFef\
    z3zSIvhcHPGiU2m2gNoh
    """
}
