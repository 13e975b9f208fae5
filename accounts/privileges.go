package accounts

import "slices"

// renamed are what a privilege is called on other servers, the nearest first.
func renamed(privilege string) []string {
	switch privilege {
	case "REPLICATION CLIENT":
		return []string{"BINLOG MONITOR"}
	case "BINLOG MONITOR", "SLAVE MONITOR", "REPLICA MONITOR":
		return []string{"REPLICATION CLIENT"}
	case "SHOW_ROUTINE":
		return []string{"SHOW CREATE ROUTINE"}
	case "SHOW CREATE ROUTINE":
		return []string{"SHOW_ROUTINE"}
	case "SET_USER_ID", "SET_ANY_DEFINER":
		return []string{"SET_ANY_DEFINER", "SET_USER_ID", "SET USER"}
	case "SET USER":
		return []string{"SET_ANY_DEFINER", "SET_USER_ID"}
	case "REPLICATION SLAVE ADMIN", "REPLICATION REPLICA ADMIN":
		return []string{"REPLICATION_SLAVE_ADMIN"}
	case "REPLICATION_SLAVE_ADMIN":
		return []string{"REPLICATION SLAVE ADMIN"}
	case "BINLOG ADMIN":
		return []string{"BINLOG_ADMIN"}
	case "BINLOG_ADMIN":
		return []string{"BINLOG ADMIN"}
	case "CONNECTION ADMIN":
		return []string{"CONNECTION_ADMIN"}
	case "CONNECTION_ADMIN":
		return []string{"CONNECTION ADMIN"}
	}
	return nil
}

// sort tells the privileges that the target has, under its own names, from those that it does not know.
func (t *Target) sort(all []Privilege) (known, unknown []Privilege) {
	for _, p := range all {
		switch {
		case p.Name == usage:
		case p.Name == allPrivileges || t.privileges[p.Name]:
			known = append(known, p)
		default:
			i := slices.IndexFunc(renamed(p.Name), func(n string) bool { return t.privileges[n] })
			if i < 0 {
				unknown = append(unknown, p)
				continue
			}
			other := Privilege{renamed(p.Name)[i], p.Columns}
			if !slices.ContainsFunc(known, func(k Privilege) bool { return k.Name == other.Name }) {
				known = append(known, other)
			}
		}
	}
	return known, unknown
}

// every is all that the target can grant on a server, for an account that had all on another.
func (t *Target) every() []Privilege {
	var out []Privilege
	for name := range t.privileges {
		if name != usage && name != grantOption && name != "PROXY" {
			out = append(out, Privilege{Name: name})
		}
	}
	slices.SortFunc(out, func(a, b Privilege) int { return compare(a.Name, b.Name) })
	return out
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
