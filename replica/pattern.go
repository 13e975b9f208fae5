package replica

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is made where it is first used: made at each start, those of this package would delay every
// command.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
