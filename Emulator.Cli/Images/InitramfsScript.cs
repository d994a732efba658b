namespace Emulator.Cli.Images;

/// <summary>The texts of our own in an initramfs.</summary>
internal static class InitramfsScript
{
    /// <summary>The list of modules that <see cref="Init"/> loads, one path a line.</summary>
    public const string ModuleList = "etc/modules";

    /// <summary>
    /// The guest's first process. With <c>root=</c> on the kernel's command line it mounts that and hands over to its init, else it
    /// gives a shell and powers off when that ends. <c>poweroff</c>, <c>halt</c> and <c>reboot</c> send signals to process 1, by
    /// busybox init's convention; Control-Alt-Delete is SIGINT.
    /// </summary>
    public const string Init =
        """
        #!/bin/busybox sh
        export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/root TERM=linux PS1='# '
        busybox mount -t proc proc /proc
        busybox --install -s
        mount -t sysfs sysfs /sys
        mount -t devtmpfs devtmpfs /dev
        mkdir -p /dev/pts
        mount -t devpts devpts /dev/pts
        hostname -F /etc/hostname
        read -r line < /proc/cmdline
        while read -r module; do
            name=${module##*/}
            options=
            for word in $line; do # MODULE.OPTION=VALUE, as modprobe reads it
                case $word in
                    "${name%.ko}".*) options="$options ${word#*.}" ;;
                esac
            done
            insmod "$module" $options || echo "init: cannot load $module"
        done < /etc/modules

        root= init=/sbin/init type= flags= mode=rw
        for word in $line; do
            case $word in
                root=*) root=${word#root=} ;;
                rootfstype=*) type=${word#rootfstype=} ;;
                rootflags=*) flags=,${word#rootflags=} ;;
                init=*) init=${word#init=} ;;
                ro) mode=ro ;;
                rw) mode=rw ;;
            esac
        done

        find_root() {
            case $root in
                UUID=*|LABEL=*) device=$(findfs "$root" 2> /dev/null) ;;
                *) device=$root ;;
            esac
            [ -b "$device" ]
        }

        if [ -n "$root" ]; then
            tries=0
            until find_root || [ "$tries" -ge 100 ]; do # disks may turn up late, up to 10 seconds
                tries=$((tries + 1))
                usleep 100000
            done
            mkdir -p /new
            if mount ${type:+-t "$type"} -o "$mode$flags" "$device" /new; then
                umount /dev/pts
                for system in dev sys proc; do
                    mkdir -p "/new/$system"
                    mount --move "/$system" "/new/$system"
                done
                exec switch_root /new "$init"
            fi
            echo "init: cannot mount root=$root"
        fi

        ip link set lo up
        finish() {
            umount -a -r 2> /dev/null
            "$1" -f
        }
        trap 'finish poweroff' USR2
        trap 'finish halt' USR1
        trap 'finish reboot' TERM INT
        cat /etc/motd
        cd /root
        setsid cttyhack sh &
        wait $!
        finish poweroff

        """;

    /// <summary>What udhcpc runs when it has a lease.</summary>
    public const string DhcpScript =
        """
        #!/bin/sh
        case $1 in
            deconfig)
                ip address flush dev "$interface"
                ip link set "$interface" up
                ;;
            bound|renew)
                ip address replace "$ip/${mask:-24}" dev "$interface"
                for gateway in $router; do
                    ip route replace default via "$gateway" dev "$interface"
                done
                : > /etc/resolv.conf
                for server in $dns; do
                    echo "nameserver $server" >> /etc/resolv.conf
                done
                ;;
        esac

        """;
}
