package main

import "strings"

// normalizeArgs rewrites the mysql client's short options into forms that the flag library reads: -uroot, -P3307, -hHOST and
// the optional value of -p. args[0] is the program. The strings are copies, so that hideSecrets may alter the originals.
func normalizeArgs(original []string) []string {
	args := make([]string, len(original))
	for i, a := range original {
		args[i] = strings.Clone(a)
	}
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case i == 0:
			out = append(out, a)
		case a == "--":
			return append(out, args[i:]...)
		case a == "-p" || a == "--password":
			out = append(out, "--"+askPasswordFlag)
		case strings.HasPrefix(a, "-p") && a != "-p":
			out = append(out, "--password="+a[2:])
		case isGlued(a):
			out = append(out, a[:2]+"="+a[2:])
		case takesNext(a) && i+1 < len(args):
			i++
			out = append(out, a+"="+args[i])
		default:
			out = append(out, a)
		}
	}
	return out
}

// valueShorts are the short options that take a value and may have it glued on.
const valueShorts = "hPuSBTotd"

// isGlued reports -uroot and the like. -h=x and -help are left as they are.
func isGlued(a string) bool {
	return takesNext(a[:min(2, len(a))]) && len(a) > 2 && a[2] != '=' && a != "-help"
}

// takesNext reports a short option whose value is the next argument, whatever that looks like.
func takesNext(a string) bool {
	return len(a) == 2 && a[0] == '-' && strings.IndexByte(valueShorts, a[1]) >= 0
}

// secretParts returns the parts of the arguments that are passwords: of -pSECRET, --password=SECRET and of URIs.
// They are substrings of args.
func secretParts(args []string) []string {
	var parts []string
	for i, a := range args {
		switch {
		case i == 0:
			continue
		case strings.HasPrefix(a, "--password="), strings.HasPrefix(a, "-password="):
			parts = append(parts, a[strings.IndexByte(a, '=')+1:])
		case strings.HasPrefix(a, "-p"):
			parts = append(parts, a[2:])
		}
		if _, rest, ok := strings.Cut(a, "mysql://"); ok {
			at := strings.LastIndexByte(rest, '@')
			colon := strings.IndexByte(rest, ':')
			if colon >= 0 && colon < at {
				parts = append(parts, rest[colon+1:at])
			}
		}
	}
	return parts
}
