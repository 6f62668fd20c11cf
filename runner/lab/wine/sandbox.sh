# The first process of a Wine machine's namespaces (bash). It builds a root of its own, in which
# nothing of this computer is but /usr, read-only; then it stays until its standard input ends.
# When it goes, the kernel ends every process of the machine and unmounts everything.
#
# WINE_ROOT      an empty folder to put the root on
# WINE_PREFIX    the prefix: "WINE_LAYER=rw" works on it, "ro" leaves it as it is
# WINE_LOCALES   compiled locales
# WINE_NAME      the computer's name
# WINE_LOCALE    LC_ALL of the machine: decides its code pages
# WINE_USERNS    1 in a user namespace
set -eu
r=$WINE_ROOT
hostname "$WINE_NAME"
mount --make-rprivate /
mount -t tmpfs -o mode=755 machine "$r"
cd "$r"
mkdir usr etc proc dev tmp home wine locales layers layers/up layers/work
for name in bin sbin lib lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" "$name"; elif [ -d "/$name" ]; then
        mkdir "$name"; mount --bind "/$name" "$name"; mount -o remount,bind,ro "$name"; fi
done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount --bind "$WINE_LOCALES" locales
mount -o remount,bind,ro locales
cp /etc/ld.so.cache etc/
echo 'Administrator:x:0:0::/home:/bin/sh' > etc/passwd
echo 'hosts: files' > etc/nsswitch.conf
echo "127.0.0.1 localhost $WINE_NAME" > etc/hosts
for name in null zero random urandom; do : > dev/$name; mount --bind /dev/$name dev/$name; done
mount -t proc proc proc
if [ "$WINE_LAYER" = rw ]; then
    mount --bind "$WINE_PREFIX" wine
else
    also=; [ "$WINE_USERNS" = 0 ] || also=,userxattr
    mount -t overlay machine -o "lowerdir=$WINE_PREFIX,upperdir=$r/layers/up,workdir=$r/layers/work$also" wine
fi
[ ! -x "$(command -v ip)" ] || ip link set lo up
exec 3<&0
exec chroot "$r" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/home /usr/bin/bash -c '
    cd /wine
    echo ready
    while read -r _ <&3; do :; done
'
