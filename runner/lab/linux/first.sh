# The first process of a simulated Linux host (sh). It builds a root in which nothing of this
# computer is but its programs, read-only; then it stays until its standard input ends. When it
# goes, the kernel ends every process of the host and unmounts everything (pid_namespaces(7)).
#
# LAB_ROOT       the host's own files: etc, var, root, home, ...
# LAB_USR        the folder usr of its system, which leads to this computer's programs by links
# LAB_NAME       its name
set -eu
r=$LAB_ROOT
hostname "$LAB_NAME"
mount --make-rprivate /
mount --bind "$r" "$r"
cd "$r"
rm -rf run tmp
mkdir -p run/systemd/system run/lab tmp usr proc dev .host .own/systemd .own/local .old
chmod 1777 tmp
mount --bind "$LAB_USR" usr
mount -o remount,bind,ro usr
mount --bind .own/systemd usr/lib/systemd
mount --bind .own/local usr/local
for name in usr bin sbin lib lib32 lib64; do
    [ -d "/$name" ] || continue
    if [ -L "/$name" ]; then [ -L ".host/$name" ] || cp -P "/$name" ".host/$name"; continue; fi
    mkdir -p ".host/$name"
    mount --bind "/$name" ".host/$name"
    mount -o remount,bind,ro ".host/$name"
done
for name in null zero full random urandom; do
    : >"dev/$name"
    mount --bind "/dev/$name" "dev/$name"
done
[ -L dev/fd ] || ln -s /proc/self/fd dev/fd
mount -t proc proc proc
printf systemd >"proc/$$/comm"
cat proc/sys/kernel/random/uuid >run/lab/boot_id
mount --bind run/lab/boot_id proc/sys/kernel/random/boot_id
mount -o remount,bind,ro proc
[ ! -x "$(command -v ip)" ] || ip link set lo up
pivot_root . .old
cd /
umount -l /.old
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
systemctl --lab-boot </dev/null >/dev/null 2>&1 || :
echo ready
while read -r _; do :; done
