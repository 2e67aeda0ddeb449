### The way to the network, in English: what is waited for, and what stands in the way, with what to do. What is set in square brackets, lines
### of a torrc and names of files are typed as they stand. { $detail } is a technical cause in English, or "none".

## Things that are waited for, as parts of a sentence: they follow "waiting for".

step-network = the network
step-address = the network to take the address
step-presence = you to go online
step-first-relay = a first connection with the Tor network
step-directory = the directory of the Tor network's relays
step-next-attempt = the next attempt
step-control-port = Tor's control port
step-tor = { $detail ->
        [none] Tor
       *[other] Tor: { $detail }
    }
step-first-circuit = Tor: a first circuit
step-service-taken = Tor to take the onion service
step-service-start = the onion service to start
step-introduction = the onion service's introduction points
step-descriptor = the descriptor to reach directories
step-descriptor-counted = the descriptor to reach directories: { $done } of { $total }
step-own-answer = an answer from the own address over Tor
step-other-stops = the other program to stop

## Obstacles

obstacle-clock = { $by ->
        [none] { $detail ->
            [none] This computer's clock is wrong, so Tor cannot connect.
           *[other] This computer's clock is wrong ({ $detail }), so Tor cannot connect.
        }
       *[other] { $detail ->
            [none] This computer's clock is wrong { $by }, so Tor cannot connect.
           *[other] This computer's clock is wrong { $by } ({ $detail }), so Tor cannot connect.
        }
    } Set date, time and time zone; it is tried again.
obstacle-no-answer = { $detail ->
        [none] The onion service is published but does not answer yet; it is tried again.
       *[other] The onion service is published but does not answer yet ({ $detail }); it is tried again.
    }
obstacle-served-elsewhere = Another program answers at this address: the same identity seems to run on another machine, or twice on this one. Stop it there; until then each takes the other's connections.
obstacle-address-not-taken = { $detail ->
        [none] The address cannot be published now.
       *[other] The address cannot be published now: { $detail }.
    } It is tried again.
obstacle-address-refused = { $detail ->
        [none] The address cannot be published.
       *[other] The address cannot be published: { $detail }.
    }
obstacle-no-relay = No relay of the Tor network can be reached: this machine seems to be offline, or the network here lets nothing through. It is tried again; if Tor is blocked here, set up bridges in tor.toml.
obstacle-cut-off = Connections with relays are opened and then cut off: the network here seems to block Tor. It is tried again; set up bridges in tor.toml.
obstacle-no-handshake = Relays of the Tor network are reached, but no connection with them comes about: this machine's clock may be wrong (check date, time and time zone), or the network here blocks Tor (set up bridges in tor.toml). It is tried again.
obstacle-slow-directory = The directory of the Tor network arrives very slowly or not at all: this machine's clock may be wrong (check date, time and time zone), or Tor is hindered here (set up bridges in tor.toml). It is tried again.
obstacle-no-directory = { $detail ->
        [none] The directory of the Tor network cannot be had.
       *[other] The directory of the Tor network cannot be had ({ $detail }).
    } This machine's clock may be wrong: check date, time and time zone. It is tried again.
obstacle-tor-unusable = { $detail ->
        [none] The Tor network cannot be used.
       *[other] The Tor network cannot be used ({ $detail }).
    } It is tried again.
obstacle-tor-unreachable = The Tor network cannot be reached. It is tried again.
obstacle-tor-directory-in-use = Another program uses the directory of this Tor: stop it, or name another data directory. It is tried again.
obstacle-transport = { $detail ->
        [none] A pluggable transport does not run.
       *[other] A pluggable transport does not run ({ $detail }).
    } Check its path under bridges.transports in tor.toml; it is tried again.
obstacle-descriptor-refused = The directories of the Tor network refuse the onion service's descriptor. If the same identity was online over another Tor (the system's, another program's) within the last two days, that passes by itself; until then use that one. It is tried again.
obstacle-no-introduction = The onion service finds no relay to be introduced by. It is tried again.
obstacle-service-failed = The onion service failed inside Tor: start the program again if it does not come back.
obstacle-service-unfit = { $detail ->
        [none] The onion service cannot be set up: start the program again.
       *[other] The onion service cannot be set up ({ $detail }): start the program again.
    }
obstacle-no-control-port = No Tor answers at the control port. Start Tor, and let its torrc have a line ControlPort 9051 and a line CookieAuthentication 1; if it listens elsewhere, set control under [system] in tor.toml. It is tried again.
obstacle-control-forbidden = This user may not open Tor's control socket. Add the user to the group that owns it, on Debian with sudo adduser $USER debian-tor, and log in again.
obstacle-control-unreachable = { $detail ->
        [none] Tor's control port cannot be reached.
       *[other] Tor's control port cannot be reached: { $detail }.
    } It is tried again.
obstacle-not-tor = What answers at the control port does not speak Tor's control protocol. Set control under [system] in tor.toml to Tor's ControlPort; 9050 and 9150 are SOCKS ports.
obstacle-mixes-streams = Tor's SOCKS port does not keep streams apart (NoIsolateSOCKSAuth in its torrc), so that one circuit would carry what must not be linked. Remove NoIsolateSOCKSAuth there, or add a SocksPort without it, and reload Tor; it is tried again.
obstacle-control-silent = Tor's control port does not answer. It is tried again.
obstacle-control-broken = The connection with Tor's control port ended: Tor was stopped or restarted. It is tried again.
obstacle-control-filtered = Tor's control port is restricted and refuses { $command }. Let its filter allow what Cwtch needs: docs/onion-grater-cwtch.yml is such a profile for onion-grater, which Whonix and Tails use.
obstacle-control-password-wrong = Tor's control port refuses the password. Correct the file that password_file under [system] in tor.toml names (or TOR_CONTROL_PASSWD); it must fit HashedControlPassword in the torrc.
obstacle-control-password-needed = Tor's control port wants a password and none is configured. Set password_file under [system] in tor.toml to a private file with the password, or let the torrc have CookieAuthentication 1.
obstacle-cookie-unreadable = Tor's control cookie cannot be read by this user. Let the torrc have CookieAuthFileGroupReadable 1 and add the user to Tor's group, on Debian with sudo adduser $USER debian-tor, and log in again.
obstacle-cookie-wrong = The control port and its cookie file do not belong together: a file of an earlier Tor, or another program at the port. Restart Tor, or correct control under [system] in tor.toml.
obstacle-no-login = Tor's control port offers no way to log in that works here. Let the torrc have CookieAuthentication 1 and restart Tor.
obstacle-tor-too-old = This Tor is too old for onion services of version 3. Update Tor to a version that is still maintained.
obstacle-tor-disabled = Tor's network is switched off. Connect in the program that runs this Tor (Tor Browser, Tails, Whonix), or remove DisableNetwork from the torrc.
obstacle-network-down = Tor notices no network: the connection to the internet seems to be down.
obstacle-tor-stuck = Tor does not get on: { $reason }. If this network blocks Tor, configure bridges in its torrc (UseBridges 1 and Bridge lines), or in the program that runs it.
obstacle-served-already = This Tor already serves the onion service of this identity: the program seems to run twice, or it was just restarted. Stop the other one; it is tried again.
obstacle-needs-listen = Tor runs on another machine and cannot hand connections over to this one. Set listen under [system] in tor.toml to an address and port of this machine that only Tor's machine reaches.
obstacle-no-socket = { $detail ->
        [none] No socket for Tor to hand connections over could be opened.
       *[other] No socket for Tor to hand connections over could be opened: { $detail }.
    } Correct listen under [system] in tor.toml, or free a port; it is tried again.
obstacle-service-refused = Tor refused the onion service (code { $reply } of the control port). It is tried again.
obstacle-upload-rejected = Tor's directories refused the onion service's descriptor. If the same identity ran with another Tor program until now, that passes within a day; Tor tries again by itself.
obstacle-upload-failed = No directory of the Tor network has taken the onion service's descriptor yet. Tor tries again by itself.
obstacle-no-socks-port = Nothing answers at Tor's SOCKS port. Let its torrc have a line SocksPort 9050, or set socks under [system] in tor.toml.
obstacle-socks-ended = Tor ended the connection at its SOCKS port. It is tried again.
obstacle-no-circuit = Tor could not open a circuit now. It is tried again.
obstacle-socks-not-tor = What answers at the SOCKS port is no Tor. Correct socks under [system] in tor.toml.
obstacle-socks-mixes-streams = Tor's SOCKS port takes no user name and password, by which streams are kept apart. Remove its options in the torrc, or set socks under [system] in tor.toml to one of Tor's.

## By how much a clock is wrong

clock-seconds-ahead = by { $count } seconds (ahead)
clock-seconds-behind = by { $count } seconds (behind)
clock-minutes-ahead = by { $count } minutes (ahead)
clock-minutes-behind = by { $count } minutes (behind)
clock-hours-ahead = by { $count } hours (ahead)
clock-hours-behind = by { $count } hours (behind)

## What is wrong with Tor's connections, as parts of a sentence

link-refused = connections to the Tor network are refused
link-reset = connections to the Tor network are reset
link-times-out = connections to the Tor network time out
link-no-route = there is no route to the Tor network
link-identity = a relay is not who it should be; the network may tamper with connections
link-encryption = connections to the Tor network are not encrypted as they should be
link-transport-missing = the pluggable transport that a bridge needs is missing or does not run
link-resources = the computer has no file or memory left for connections
link-forbidden = this computer forbids Tor to connect
link-other = connections to the Tor network fail
