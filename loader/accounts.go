package loader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/accounts"
	"github.com/gomove/gomove/internal/dump"
)

// markAccount is the kind of the rows that tell which accounts a load makes.
const markAccount = "account"

// errNoAccounts is --users of a dump that has none.
var errNoAccounts = errors.New("--users: the dump holds no accounts; only a dump that was made with --users does")

// plannedAccounts are the accounts that a load makes.
type plannedAccounts struct {
	target *accounts.Target
	todo   []*accounts.Account
}

// planAccounts reads the dump's accounts and sorts out those that the target lacks, before anything is changed.
func (l *load) planAccounts(ctx context.Context) (err error) {
	if !l.o.Selection.Users.Wanted {
		return nil
	}
	var object *dump.Object
	for o, err := range l.from.Objects(ctx) {
		if err != nil {
			return err
		}
		if o.Kind == dump.KindUsers && len(o.Files) == 1 {
			object = o
			break
		}
	}
	if object == nil {
		return errNoAccounts
	}
	file, err := l.from.OpenSQL(ctx, object, 0)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	all, err := accounts.Parse(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, dump.UsersFile, err)
	}
	t, err := accounts.NewTarget(ctx, l.server, l.o.Names)
	if err != nil {
		return err
	}
	l.accounts = &plannedAccounts{target: t}
	l.accounts.todo = t.Pick(all, l.o.Selection.Users, func(n accounts.Name) bool { return l.past != nil && l.past.accounts[accountKey(n)] })
	l.summary.Users = &t.Report
	return nil
}

// accountKey stands for an account in the progress table, whose columns are shorter than a name and a host.
func accountKey(n accounts.Name) string {
	sum := sha256.Sum256([]byte(n.User + "\x00" + n.Host))
	return hex.EncodeToString(sum[:16])
}

// createAccounts makes the accounts, before objects of which they are the definers. That it is about to is written first: an account
// that is there without its mark was there before, and is left as it is.
func (l *load) createAccounts(ctx context.Context) error {
	if l.accounts == nil || l.fed != nil && l.fed.nth > 0 {
		return nil
	}
	var marks []mark
	for _, a := range l.accounts.todo {
		marks = append(marks, mark{kind: markAccount, table: accountKey(a.Name), state: markCreated})
	}
	if err := l.journal.mark(ctx, l.server, marks...); err != nil {
		return err
	}
	return l.eachAccount(ctx, l.accounts.target.Create)
}

// grantAccounts gives the accounts what they may do, once what they may do it to is there.
func (l *load) grantAccounts(ctx context.Context) error {
	if l.accounts == nil {
		return nil
	}
	l.counters.SetPhase("grants")
	if err := l.eachAccount(ctx, l.accounts.target.Grant); err != nil {
		return err
	}
	for _, f := range l.accounts.target.Report.Failed {
		l.summary.differs("account " + f)
	}
	return nil
}

func (l *load) eachAccount(ctx context.Context, do func(ctx context.Context, exec accounts.Exec, a *accounts.Account) error) error {
	s, err := l.openPatiently(ctx)
	if err != nil {
		return err
	}
	defer func() { s.discard() }()
	for _, a := range l.accounts.todo {
		err := l.steadily(ctx, &s, "account "+a.String(), func(s *session, _ bool) error {
			return do(ctx, func(ctx context.Context, statement string) error {
				_, err := s.ExecContext(ctx, statement)
				return err
			}, a)
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a, err)
		}
	}
	return nil
}

// listAccounts tells a dry run's plan.
func (l *load) listAccounts() {
	if l.accounts == nil {
		return
	}
	for _, a := range l.accounts.todo {
		l.summary.Plan = append(l.summary.Plan, Planned{Action: Create, Object: "account " + a.Quoted()})
	}
	for _, kept := range l.accounts.target.Report.Kept {
		l.summary.Plan = append(l.summary.Plan, Planned{Action: Keep, Object: "account " + kept})
	}
}

// accountText is what became of accounts, for people.
func accountText(b *strings.Builder, r *accounts.Report) {
	fmt.Fprintf(b, "  accounts %d created, %d there already and kept as they are, %d of the server, its provider or this load left out\n",
		len(r.Created), len(r.Kept), len(r.Left))
	for _, list := range []struct {
		head string
		what []string
	}{{"LOCKED", r.Locked}, {"not granted", r.NotGranted}, {"adapted", r.Changed}} {
		for i, what := range list.what {
			if i == shownDiffers {
				fmt.Fprintf(b, "  %s  and %d more; --summary json lists them all\n", list.head, len(list.what)-i)
				break
			}
			fmt.Fprintf(b, "  %s  %s\n", list.head, what)
		}
	}
}
