package accounts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/selection"
)

// Filter says which accounts are moved. The zero value moves none.
type Filter struct {
	Wanted  bool     // --users
	Include []string // globs of user, or of user@host; default all
	Exclude []string
}

// Validate checks the patterns; its errors name the flag.
func (f Filter) Validate() error {
	var errs []error
	for flag, patterns := range map[string][]string{"--include-users": f.Include, "--exclude-users": f.Exclude} {
		if len(patterns) > 0 && !f.Wanted {
			errs = append(errs, fmt.Errorf("%s: accounts are moved with --users only", flag))
		}
		for _, p := range patterns {
			if _, err := selection.ParseSchema(p); err != nil {
				errs = append(errs, fmt.Errorf("%s %q: %w", flag, p, err))
			}
		}
	}
	return errors.Join(errs...)
}

// takes reports whether an account is selected. Accounts of servers and providers never are.
func (f Filter) takes(n Name) bool {
	return f.Wanted && !mysql.ReservedUser(n.User) && (len(f.Include) == 0 || anyMatches(f.Include, n)) && !anyMatches(f.Exclude, n)
}

func anyMatches(patterns []string, n Name) bool {
	for _, p := range patterns {
		g, err := selection.ParseSchema(p)
		if err != nil {
			continue // Validate has told
		}
		name := n.User
		if strings.Contains(p, "@") {
			name = n.User + "@" + n.Host
		}
		if g.Match(name, false) {
			return true
		}
	}
	return false
}
