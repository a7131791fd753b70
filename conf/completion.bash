# Completion of confab(1) for bash.
_confab() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $before in
	-c) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	-s) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	account) mapfile -t COMPREPLY < <(compgen -W "add password disable enable list" -- "$word") ;;
	--server) mapfile -t COMPREPLY < <(compgen -W "lighttpd nginx apache caddy" -- "$word") ;;
	--proxy) mapfile -t COMPREPLY < <(compgen -W "haproxy none" -- "$word") ;;
	--config) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	*)
		if [[ " ${COMP_WORDS[*]} " == *" setup "* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "--site --mount --host --url --server --proxy --account --yes --dry-run --remove --data --help" -- "$word")
		elif [[ " ${COMP_WORDS[*]} " == *" check "* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "--site --config --url --json --help $(confab check --help | awk '/^    /{ print $1 }')" -- "$word")
		elif [[ " ${COMP_WORDS[*]} " == *" jwks "* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -W "-c -u -f -i -n --help" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -W "setup check jwks upgrade account setting status maintain keep restore-done -c -s --help --version" -- "$word")
		fi
		;;
	esac
}
complete -F _confab confab
