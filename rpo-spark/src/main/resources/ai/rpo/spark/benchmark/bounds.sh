# Runs Python in namespaces of its own, on a root that has nothing but Python and the libraries below it, all read-only, and
# /scratch in memory. Arguments: a folder to mount that root on, Python, Python's folder, its code, and the user to become (empty
# where this is only called root). What Python says on file descriptor 3 is the output.
set -e
root=$1 python=$2 prefix=$3 code=$4 user=$5
exec 3>&1 >&2
mount --make-rprivate /
mount -t tmpfs -o size=1m,mode=755 bounds "$root"
cd "$root"

readonly_bind() {
  mount --bind "$1" ".$1"
  mount -o remount,bind,ro,nosuid ".$1"
}

for folder in /usr /bin /lib /lib32 /lib64 "$prefix"; do
  if [ -L "$folder" ]; then
    ln -s "$(readlink "$folder")" ".$folder"
  elif [ -d "$folder" ] && [ ! -e ".$folder/." ]; then
    mkdir -p ".$folder"
    readonly_bind "$folder"
  fi
done
mkdir dev etc scratch
for file in /dev/null /dev/urandom /etc/ld.so.cache; do
  if [ -e "$file" ]; then
    touch ".$file"
    mount --bind "$file" ".$file"
  fi
done
mount -t tmpfs -o size=16m,nr_inodes=1k,mode=1777,nosuid scratch scratch
mount -o remount,ro "$root"

# Who becomes another user forgets that the parent's end is to be its own.
exec chroot . /usr/bin/setpriv --pdeathsig KILL ${user:+--reuid "$user" --regid "$user" --clear-groups} --bounding-set=-all --inh-caps=-all \
  --no-new-privs /usr/bin/prlimit --cpu=3:4 --as=1073741824 --nproc=16 --fsize=16777216 --nofile=64 --core=0 \
  /usr/bin/env -i HOME=/scratch PATH=/usr/bin OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" -I -X utf8 -c "$code"
