import { useEffect, useState } from 'react';

/** The time, looked at again every so often while somebody shows it. */
export function useNow(everyMs: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The present day: changes at local midnight, so that "today" becomes "yesterday" in a page left open. */
export function useToday(): Date {
  const [today, setToday] = useState(() => new Date());
  useEffect(() => {
    const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1);
    const timer = setTimeout(() => setToday(new Date()), midnight.getTime() - today.getTime() + 500);
    return () => clearTimeout(timer);
  }, [today]);
  return today;
}
