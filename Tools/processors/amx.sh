#!/bin/bash
# Runs zoo on an emulated processor, for docs/processors.md, and compares its embeddings with those of this machine:
#   Tools/processors/amx.sh sapphire_rapids   (AMX)
#   Tools/processors/amx.sh arrow_lake        (AVX-VNNI without AVX-512)
# The emulator is Bochs, mended by bochs-mends.sh, with Debian's kernel and busybox. It interprets each instruction: correct, not fast (two minutes).
# Debian, as root: installs tools, downloads a kernel, and fetches Bochs from GitHub. ZOO is the binary to run.
set -euo pipefail
model=${1:-sapphire_rapids}
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$(dirname "$0")/../.." && pwd)
zoo=${ZOO:-$root/.build/release/zoo} work=$root/.build/bochs
commit=783b58fd6d9bae598a07c59719122322fa0edce6
mkdir -p "$work"
for package in g++ make git ed cpio python3 busybox-static isolinux syslinux-common genisoimage; do
  dpkg -s "$package" > /dev/null 2>&1 || apt-get install -y --no-install-recommends "$package" > /dev/null
done
if ! [ -x "$work/bochs/bochs" ]; then
  git init -q "$work"
  git -C "$work" fetch -q --depth 1 https://github.com/bochs-emu/Bochs "$commit"
  git -C "$work" checkout -q "$commit" -- bochs ':!bochs/bios/OVMF'
  (cd "$work/bochs" && sh "$here/bochs-mends.sh")
  (cd "$work/bochs" && CXXFLAGS=-O2 ./configure --enable-x86-64 --enable-avx --enable-evex --enable-amx --enable-protection-keys \
    --enable-all-optimizations --with-nogui --disable-docbook --disable-xpm > configure.log && make -j"$(nproc)" > make.log 2>&1)
fi
if ! ls "$work"/boot/vmlinuz-* > /dev/null 2>&1; then
  kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
  (cd "$work" && apt-get download -qq "$kernel" && dpkg-deb --fsys-tarfile "$kernel"_*.deb | tar -x ./boot && rm "$kernel"_*.deb)
fi

# The guest's files: zoo with its libraries, the demo model, pictures, and what to do.
files=$work/files
"$here/guest-files.sh" "$files" "$zoo"
rm -rf "$work"/{disc,here,there,serial.txt,results.txt}
mkdir -p "$work"/{disc,here,there}
cp "$root"/Examples/examples/scene[12].jpg "$files/zoo"
cat > "$files/zoo/embed.sh" << 'EMBED'
# embed.sh FOLDER: embeddings in each precision, by zoo's own kernels and by what is chosen, as FOLDER/PRECISION-BACKEND.
for precision in f32 bf16 int8; do
  for backend in own automatic; do
    DNNL_VERBOSE=1 zoo embed ViT-Ti-8-emoji:local scene1.jpg scene2.jpg --precision $precision --backend $backend --raw --quiet \
      -o "$1/$precision-$backend" > "$1/log" 2>&1 || { tail -n 1 "$1/log"; continue; }
    echo "$precision $backend:" $(sed -n 's/.*exec,cpu,matmul,\([^,]*\).*/\1/p' "$1/log" | sort -u)
  done
done
EMBED
cat > "$files/init" << 'INIT'
#!/bin/sh
/bin/busybox --install /bin
export PATH=/bin ZOO_HOME=/zoo/home
mount -t proc proc /proc
mount -t devtmpfs dev /dev
cd /zoo
zoo doctor
mkdir /results
sh embed.sh /results
stty -F /dev/ttyS1 raw
tar -c -C /results . | gzip | base64 > /dev/ttyS1
sleep 1
poweroff -f
INIT
chmod +x "$files/init"
(cd "$files" && find . | cpio -o -H newc --quiet) > "$work/disc/files"

# Bochs reads no kernel itself: a disc with a boot loader. Without FSRM, since the kernel takes it for a sign of ERMS, which it switches off here.
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$work/disc"
cp "$work"/boot/vmlinuz-* "$work/disc/linux"
cat > "$work/disc/isolinux.cfg" << 'BOOT'
default linux initrd=files console=ttyS0,115200 quiet mitigations=off random.trust_cpu=on tsc_early_khz=50000 clearcpuid=580
BOOT
genisoimage -quiet -R -o "$work/disc.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$work/disc"
cat > "$work/bochsrc" << BOCHS
display_library: nogui
cpu: model=$model, count=1, ips=50000000
memory: guest=2048, host=2048
romimage: file=$work/bochs/bios/BIOS-bochs-latest
vgaromimage: file=$work/bochs/bios/VGABIOS-lgpl/VGABIOS-lgpl-latest.bin
ata0-master: type=cdrom, path=$work/disc.iso, status=inserted
boot: cdrom
clock: sync=none
com1: enabled=1, mode=file, dev=$work/serial.txt
com2: enabled=1, mode=file, dev=$work/results.txt
log: $work/bochs.log
BOCHS
nice "$work/bochs/bochs" -q -f "$work/bochsrc" > "$work/bochs.out" 2>&1 < /dev/null || true
cat "$work/serial.txt"
base64 -d "$work/results.txt" | tar -xz -C "$work/there" --warning=no-timestamp

echo "This machine:"
(cd "$files/zoo" && PATH=$files/bin:$PATH ZOO_HOME=$files/zoo/home sh embed.sh "$work/here")
python3 - "$work" << 'COMPARE'
import array, glob, math, os, sys

def rows(path):
    data = open(path, "rb").read()
    floats = array.array("f", data[10 + int.from_bytes(data[8:10], "little"):])
    return floats[:len(floats) // 2], floats[len(floats) // 2:]

def cosine(a, b):
    return sum(map(float.__mul__, a, b)) / math.hypot(*a) / math.hypot(*b)

for path in sorted(glob.glob(f"{sys.argv[1]}/there/*/00000.npy")):
    name = os.path.basename(os.path.dirname(path))
    own = f"{sys.argv[1]}/here/{name.split('-')[0]}-own/00000.npy"
    there, here = rows(path), rows(own)
    same = "equal to" if there == here else f"cosine {min(map(cosine, there, here)):.8f} with"
    print(f"{name} there: {same} this machine's own kernels")
COMPARE
